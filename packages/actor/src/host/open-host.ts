import { loadAddon } from '@uring-actor/native'
import { obstacleOf } from '../engine/open-ring.ts'
import { AddonHost } from './addon-host.ts'
import type { Host } from './host.ts'
import { PlainHost } from './plain-host.ts'

/** The host with the addon, where it can be loaded; else the plain one, which knows why. */
export function openHost(): Host {
  try {
    const { binding, file } = loadAddon()
    return new AddonHost(binding, file)
  } catch (error) {
    const obstacle = obstacleOf(error)
    if (obstacle === null) throw error
    return new PlainHost(obstacle)
  }
}
