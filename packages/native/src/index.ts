/**
 * Finds and loads the addon. Internal to the actor: what it offers is usable safely only by the
 * thread that owns the ring.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { NativeBinding } from './binding.ts'

export {
  CALL_DISCARD,
  CALL_FALLOCATE,
  CALL_FILESYSTEM,
  CALL_SYNC_FILE_RANGE,
  CALL_ZEROOUT,
  type NativeBinding,
  type NativeRing,
  type NativeWaker,
} from './binding.ts'

/** The code of what `loadBinding` throws when there is no addon. */
export const ADDON_MISSING = 'ERR_URING_ADDON_MISSING'

/** Where an addon may be, relative to this file in dist/: a local build goes before a prebuilt. */
const CANDIDATES = [
  '../build/Release/uring_actor.node',
  `../prebuilds/${process.platform}-${process.arch}/uring_actor.node`,
]

/**
 * Loads the addon, or throws an Error with the code `ERR_URING_ADDON_MISSING` that says what was
 * tried. `ERR_DLOPEN_DISABLED` (Node's permission model without `--allow-addons`) passes through:
 * it is the user's decision, and another file would not change it.
 */
export function loadBinding(): NativeBinding {
  return loadAddon().binding
}

/** An addon, and the file that it was loaded from. */
export interface Addon {
  readonly binding: NativeBinding
  readonly file: string
}

/** As `loadBinding`, and says from where: another thread can load the same. */
export function loadAddon(): Addon {
  const require = createRequire(import.meta.url)
  const tried: string[] = []
  for (const candidate of CANDIDATES) {
    const path = fileURLToPath(new URL(candidate, import.meta.url))
    if (!existsSync(path)) {
      tried.push(`${path}: no such file`)
      continue
    }
    try {
      return { binding: require(path) as NativeBinding, file: path }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_DLOPEN_DISABLED') throw error
      tried.push(`${path}: ${(error as Error).message}`)
    }
  }
  throw Object.assign(new Error(missing(tried)), { code: ADDON_MISSING })
}

function missing(tried: readonly string[]): string {
  const remedy =
    process.platform === 'linux'
      ? 'Build it in the folder of @uring-actor/native with: npx node-gyp rebuild'
      : `io_uring exists only on Linux, not on ${process.platform}`
  return `The addon of uring-actor cannot be loaded. ${remedy}\nTried:\n  ${tried.join('\n  ')}`
}
