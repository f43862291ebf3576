import { readFileSync } from 'node:fs'
import type { Host } from '../host/host.ts'

/** What is assumed where nobody tells: a page, which every device takes. */
const FALLBACK_ALIGNMENT = 4096

export interface DirectAlignment {
  /** Of memory, in bytes. */
  readonly memory: number
  /** Of position and length, in bytes. */
  readonly offset: number
}

const byDevice = new Map<bigint, number>()

/**
 * Alignments that direct I/O on an open file needs: from statx(2) (Linux 6.1), else the logical
 * block of its device, else 4096.
 */
export function directAlignment(
  host: Pick<Host, 'directAlignment'> | null,
  fd: number,
  device: bigint,
): DirectAlignment {
  const out = new Uint32Array(2)
  if (host !== null && host.directAlignment(fd, out) === 0 && out[0] > 0 && out[1] > 0) {
    return { memory: out[0], offset: out[1] }
  }
  const block = logicalBlock(device)
  return { memory: block, offset: block }
}

/** Logical block size of a block device, by its number, in bytes. */
function logicalBlock(device: bigint): number {
  const known = byDevice.get(device)
  if (known !== undefined) return known
  const size = queueSetting(device, 'logical_block_size')
  const found = size !== null && size > 0 ? size : FALLBACK_ALIGNMENT
  byDevice.set(device, found)
  return found
}

/**
 * A number that the block layer tells of a device, by the device's number: a file in its queue/ of
 * sysfs. Null when it is no block device, or there is no /sys.
 */
export function queueSetting(device: bigint, name: string): number | null {
  const at = `/sys/dev/block/${deviceName(device)}`
  // A partition has no queue of its own: its disk has.
  return readNumber(`${at}/queue/${name}`) ?? readNumber(`${at}/../queue/${name}`)
}

/** 'major:minor', from a dev_t as stat(2) gives it. */
export function deviceName(device: bigint): string {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn)
  return `${major}:${minor}`
}

function readNumber(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'utf8'))
    return Number.isInteger(value) && value >= 0 ? value : null
  } catch {
    // No such device, or no /sys: the caller has a fallback.
    return null
  }
}
