// Filesystems that can be cut off from their disk, made here and gone when the process ends.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { deviceOrReason, makeLoop, makeZram } from '../support/devices.ts'
import { atEnd } from '../support/removals.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import { cutPlace, type Place } from './durable.ts'

export const FILESYSTEMS = ['ext4', 'xfs'] as const
export type Filesystem = (typeof FILESYSTEMS)[number]

const MAKERS = {
  ext4: { make: () => makeZram(256 << 20), mkfs: ['mkfs.ext4', '-q', '-F'] },
  // xfs is not made smaller than this.
  xfs: { make: () => makeLoop(320 << 20), mkfs: ['mkfs.xfs', '-q', '-f'] },
} as const

function compiled(name: string): string {
  const program = path.join(temporaryDirectory(), name)
  // tsc leaves it where it was written.
  const source = fileURLToPath(new URL(`../../dying/${name}.c`, import.meta.url))
  execFileSync('gcc', ['-O2', '-pthread', '-o', program, source], { stdio: 'pipe' })
  return program
}

/** A mounted filesystem of this kind, or the reason to skip what needs one. */
export function makeCutPlace(kind: Filesystem): Place | string {
  const { make, mkfs } = MAKERS[kind]
  const [command, ...options] = mkfs
  const device = deviceOrReason(make)
  if (typeof device === 'string') return device
  const missing = missingMkfs(command) || missingProgram('gcc')
  if (missing !== false) return missing
  const directory = temporaryDirectory()
  const programs = { shutdown: compiled('shutdown'), plain: compiled('plain-writer') }
  execFileSync(command, [...options, device.path], { stdio: 'pipe' })
  execFileSync('mount', [device.path, directory], { stdio: 'pipe' })
  atEnd(() => execFileSync('umount', ['-l', directory], { stdio: 'pipe' }))
  return cutPlace(device.path, directory, programs)
}

function missingMkfs(command: string): string | false {
  try {
    execFileSync(command, ['-V'], { stdio: 'pipe' })
    return false
  } catch {
    return `${command} is not installed`
  }
}
