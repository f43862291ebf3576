import { readFileSync } from 'node:fs'
import type { NativeBinding } from '@uring-actor/native'

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
  binding: NativeBinding | null,
  fd: number,
  device: bigint,
): DirectAlignment {
  const out = new Uint32Array(2)
  if (binding !== null && binding.directAlignment(fd, out) === 0 && out[0] > 0 && out[1] > 0) {
    return { memory: out[0], offset: out[1] }
  }
  const block = logicalBlock(device)
  return { memory: block, offset: block }
}

/** Logical block size of a block device, by its number, in bytes. */
function logicalBlock(device: bigint): number {
  const known = byDevice.get(device)
  if (known !== undefined) return known
  const major = Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn))
  const minor = Number((device & 0xffn) | ((device >> 12n) & ~0xffn))
  const size = readNumber(`/sys/dev/block/${major}:${minor}/queue/logical_block_size`)
  // A partition has no queue of its own: its disk has.
  const found = size ?? readNumber(`/sys/dev/block/${major}:${minor}/../queue/logical_block_size`)
  byDevice.set(device, found ?? FALLBACK_ALIGNMENT)
  return found ?? FALLBACK_ALIGNMENT
}

function readNumber(path: string): number | null {
  try {
    const value = Number(readFileSync(path, 'utf8'))
    return Number.isInteger(value) && value > 0 ? value : null
  } catch {
    // No such device, or no /sys: the caller has a fallback.
    return null
  }
}
