import fs from 'node:fs'
import { promisify } from 'node:util'
import {
  FILE_KIND_BLOCK_DEVICE,
  FILE_KIND_REGULAR,
  TRIM_ZEROES,
} from '@uring-actor/client/protocol'
import { errnoOf } from './errno.ts'
import type { OpenFile } from './file-table.ts'

/**
 * What fallocate(2) does, done by writing zeroes: for where there is no addon to call it. A range
 * then takes its space instead of giving it back.
 */

const EFBIG = -27
const EINVAL = -22
const ENODEV = -19
const ENOSPC = -28
const EOPNOTSUPP = -95
const ESPIPE = -29

const PIECE_BYTES = 1 << 20
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER)

const fstat = promisify(fs.fstat)
const open = promisify(fs.open)
const close = promisify(fs.close)
const write = promisify(fs.write)
const statfs = promisify(fs.statfs)

let zeroes: Uint8Array | null = null

type Done = (res: number) => void

/** Writes zeroes over a range of a file, up to its end, or of a block device. */
export function overwriteWithZeroes(
  file: OpenFile,
  offset: bigint,
  length: bigint,
  done: Done,
): void {
  run(done, async () => {
    const refused = refusal(offset, length)
    if (refused < 0) return refused
    const stats = await fstat(file.fd)
    if (!stats.isFile() && !stats.isBlockDevice()) return stats.isFIFO() ? ESPIPE : ENODEV
    const asked = offset + length
    const end = stats.isFile() && asked > BigInt(stats.size) ? BigInt(stats.size) : asked
    if (offset < end) await writable(file, 0, (fd) => overwrite(fd, Number(offset), Number(end)))
    return TRIM_ZEROES
  })
}

/**
 * Makes a file at least so long, by appending zeroes: those never land on what another writer has
 * put there meanwhile. What is a hole within the file stays one.
 */
export function appendZeroes(file: OpenFile, offset: bigint, length: bigint, done: Done): void {
  run(done, async () => {
    const refused = refusal(offset, length)
    if (refused < 0) return refused
    if (file.kind === FILE_KIND_BLOCK_DEVICE) return EOPNOTSUPP
    if (file.kind !== FILE_KIND_REGULAR) return (await fstat(file.fd)).isFIFO() ? ESPIPE : ENODEV
    const end = Number(offset + length)
    const full = await tooMuch(file, end)
    if (full < 0) return full
    await writable(file, fs.constants.O_APPEND, (fd) => appendUpTo(fd, end))
    return 0
  })
}

/** Nothing is written that would only fill the filesystem up. */
async function tooMuch(file: OpenFile, end: number): Promise<number> {
  const { size } = await fstat(file.fd)
  const { bsize, blocks, bavail } = await statfs(`/proc/self/fd/${file.fd}`)
  if (end > bsize * blocks) return EFBIG
  return end - size > bsize * bavail ? ENOSPC : 0
}

function refusal(offset: bigint, length: bigint): number {
  if (offset < 0n || length <= 0n) return EINVAL
  return offset + length > LARGEST ? EFBIG : 0
}

async function overwrite(fd: number, from: number, to: number): Promise<void> {
  for (let at = from; at < to; ) {
    const { bytesWritten } = await write(fd, piece(), 0, Math.min(PIECE_BYTES, to - at), at)
    at += bytesWritten
  }
}

async function appendUpTo(fd: number, end: number): Promise<void> {
  for (;;) {
    const { size } = await fstat(fd)
    if (size >= end) return
    await write(fd, piece(), 0, Math.min(PIECE_BYTES, end - size), null)
  }
}

/**
 * Hands over a descriptor that takes a write at any place and of any alignment: an appending one
 * would write at the end, and a direct one only whole blocks.
 */
async function writable(
  file: OpenFile,
  flag: number,
  action: (fd: number) => Promise<void>,
): Promise<void> {
  if (flag === 0 && !file.append && !file.direct) {
    await action(file.fd)
    return
  }
  const fd = await open(`/proc/self/fd/${file.fd}`, fs.constants.O_WRONLY | flag)
  try {
    await action(fd)
  } finally {
    await close(fd)
  }
}

function piece(): Uint8Array {
  zeroes ??= new Uint8Array(PIECE_BYTES)
  return zeroes
}

function run(done: Done, action: () => Promise<number>): void {
  action().then(done, (error) => done(errnoOf(error as NodeJS.ErrnoException)))
}
