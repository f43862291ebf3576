import fs from 'node:fs'
import { MAX_TRANSFER_BYTES, OPERATION_READ } from '@uring-actor/client/protocol'
import {
  ROW_ADDR_LOW,
  ROW_ASKED,
  ROW_DONE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
} from '../operations/operation-table.ts'

const EFBIG = -27

/** Where a row's next piece is in its file, in bytes; null: at the kernel's own position. */
function positionOf(words: Int32Array, at: number): number | null {
  const low = words[at + ROW_OFF_LOW]
  const high = words[at + ROW_OFF_HIGH]
  return low === -1 && high === -1 ? null : high * 4294967296 + (low >>> 0) + words[at + ROW_DONE]
}

/** The row's next piece on this thread, which waits if the kernel does; its bytes. Throws what node:fs throws. */
export function writeHere(words: Int32Array, at: number, arena: Uint8Array, fd: number): number {
  const before = words[at + ROW_DONE]
  const length = words[at + ROW_LEN] - before
  words[at + ROW_ASKED] = length
  const start = (words[at + ROW_ADDR_LOW] >>> 0) + before
  return fs.writeSync(fd, arena, start, length, positionOf(words, at))
}

/** A row's next piece through node:fs, on libuv's pool; `done` gets its bytes, or the error. */
export function transferByPool(
  words: Int32Array,
  at: number,
  arena: Uint8Array,
  fd: number,
  done: (error: NodeJS.ErrnoException | null, bytes: number) => void,
): void {
  const before = words[at + ROW_DONE]
  const length = Math.min(words[at + ROW_LEN] - before, MAX_TRANSFER_BYTES)
  words[at + ROW_ASKED] = length
  const start = (words[at + ROW_ADDR_LOW] >>> 0) + before
  const position = positionOf(words, at)
  if (position !== null && !Number.isSafeInteger(position)) {
    // node:fs takes no larger ones: no file reaches that far, and none is let grow there.
    const nothing = words[at + ROW_KIND] === OPERATION_READ
    setImmediate(() => done(nothing ? null : Object.assign(new Error(), { errno: EFBIG }), 0))
  } else if (words[at + ROW_KIND] === OPERATION_READ) {
    fs.read(fd, arena, start, length, position, done)
  } else {
    fs.write(fd, arena, start, length, position, done)
  }
}
