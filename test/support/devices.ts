// Block devices for tests: made here, and removed when the test's process ends, however it ends. Only
// root may make them, and not in every container: then there is a reason to skip with.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atEnd, madeOrReason } from './removals.ts'
import { temporaryDirectory } from './temporary.ts'
import { missingProgram } from './tools.ts'

export interface BlockDevice {
  /** 'loop', or 'zram'. */
  readonly kind: string
  readonly path: string
  readonly size: number
  readonly sectorSize: number
  /** Bytes that the device's data takes up in its backing file or memory. */
  usedBytes(): number
}

/** Calls a maker of a device; a reason to skip instead where it cannot be made. */
export function deviceOrReason(make: () => BlockDevice): BlockDevice | string {
  return madeOrReason(make)
}

/** A loop device over a sparse file. */
export function makeLoop(size: number, sectorSize: number = 512): BlockDevice {
  const image = path.join(temporaryDirectory(), 'image')
  writeFileSync(image, '')
  truncateSync(image, size)
  return makeLoopOver(image, '--direct-io=on', `--sector-size=${sectorSize}`)
}

/** A loop device over a file that is there. */
export function makeLoopOver(image: string, ...options: string[]): BlockDevice {
  const missing = missingProgram('losetup')
  if (missing !== false) throw new Error(missing)
  const how = ['-f', '--show', ...options, image]
  const device = execFileSync('losetup', how, { encoding: 'utf8', stdio: 'pipe' }).trim()
  atEnd(() => execFileSync('losetup', ['-d', device], { stdio: 'pipe' }))
  const usedBytes = () => statSync(image).blocks * 512
  const queue = `/sys/block/${path.basename(device)}/queue`
  const sectorSize = Number(readFileSync(`${queue}/logical_block_size`, 'utf8'))
  return { kind: 'loop', path: device, size: statSync(image).size, sectorSize, usedBytes }
}

const ZRAM_CONTROL = '/sys/class/zram-control'

/** A compressed disk in memory. */
export function makeZram(size: number): BlockDevice {
  if (!existsSync(ZRAM_CONTROL)) throw new Error('the kernel has no zram')
  const number = readFileSync(`${ZRAM_CONTROL}/hot_add`, 'utf8').trim()
  const settings = `/sys/block/zram${number}`
  atEnd(() => {
    writeFileSync(`${settings}/reset`, '1')
    writeFileSync(`${ZRAM_CONTROL}/hot_remove`, number)
  })
  writeFileSync(`${settings}/disksize`, String(size))
  const sectorSize = Number(readFileSync(`${settings}/queue/logical_block_size`, 'utf8'))
  // mm_stat begins with the size of the data that is stored, before compression.
  const usedBytes = () => Number(readFileSync(`${settings}/mm_stat`, 'utf8').trim().split(/\s+/)[0])
  const device = `/dev/zram${number}`
  if (!existsSync(device)) throw new Error(`there is no ${device}`)
  return { kind: 'zram', path: device, size, sectorSize, usedBytes }
}
