import assert from 'node:assert/strict'
import {
  FILE_KIND_BLOCK_DEVICE,
  OPERATION_ALLOCATE,
  OPERATION_CHMOD,
  OPERATION_CLOSE,
  OPERATION_DETACH,
  OPERATION_LIMIT,
  OPERATION_NOP,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_UTIMES,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { Channel } from '#dist/channels/channel.js'
import { type FileTable, RIGHT_READ, RIGHT_WRITE } from '#dist/files/file-table.js'
import * as table from '#dist/operations/operation-table.js'

/** Bytes of memory, and their alignment, that each operation uses at least. */
const MEMORY: ReadonlyMap<number, readonly [bigint, bigint]> = new Map([
  [OPERATION_READ, [1n, 1n]],
  [OPERATION_WRITE, [1n, 1n]],
  [OPERATION_OPEN, [24n, 8n]],
  [OPERATION_STAT, [128n, 8n]],
  [OPERATION_UTIMES, [16n, 8n]],
])
const WRITES: ReadonlySet<number> = new Set([OPERATION_WRITE, OPERATION_ALLOCATE, OPERATION_TRIM])
const WITHOUT_FILE: ReadonlySet<number> = new Set([OPERATION_NOP, OPERATION_OPEN, OPERATION_DETACH])

/**
 * What must be true of every row that the actor carries out, whoever asked for it. All of it in
 * unsigned 64-bit arithmetic, by itself and not with the actor's own helpers:
 *
 *   addr + max(len, least) <= arena bytes         in one segment: [0, 1 MiB), [1, 2), [2, 4) …
 *   addr mod alignment = 0
 *   file.channel = the row's channel, and it has the right that the operation needs
 */
export function assertHarmless(
  words: Int32Array,
  row: number,
  channels: ReadonlyArray<Channel | null>,
  files: FileTable,
): void {
  const at = row * table.ROW_WORDS
  const kind = words[at + table.ROW_KIND]!
  const slot = words[at + table.ROW_CHANNEL]!
  assert.ok(kind >= OPERATION_NOP && kind < OPERATION_LIMIT, `operation ${kind}`)
  const channel = channels[slot]
  assert.ok(channel, `a row of channel ${slot}, which there is not`)
  const memory = MEMORY.get(kind)
  if (memory !== undefined) assertMemory(words, at, channel.arena.length, memory[0], memory[1])
  if (kind === OPERATION_OPEN) assert.ok(words[at + table.ROW_LEN]! >>> 0 <= 4096, 'a long path')
  if (kind === OPERATION_OPEN || kind === OPERATION_CHMOD) {
    assert.ok(words[at + table.ROW_OFF_LOW]! >>> 0 <= 0o7777, 'mode bits')
  }
  const fileSlot = words[at + table.ROW_FILE]!
  if (WITHOUT_FILE.has(kind)) assert.equal(fileSlot, -1)
  else assertFile(words, at, kind, slot, files)
}

function assertMemory(
  words: Int32Array,
  at: number,
  arenaBytes: number,
  least: bigint,
  alignment: bigint,
): void {
  const low = BigInt(words[at + table.ROW_ADDR_LOW]! >>> 0)
  const address = (BigInt(words[at + table.ROW_ADDR_HIGH]! >>> 0) << 32n) | low
  const length = BigInt(words[at + table.ROW_LEN]! >>> 0)
  const end = address + (length > least ? length : least)
  assert.ok(end <= BigInt(arenaBytes), `[${address}, ${end}) lies in the arena`)
  assert.equal(address % alignment, 0n, 'aligned')
  // Segments double: both ends lie below the same power of two of MiB, and above the one before.
  assert.equal(segment(address), segment(end - 1n), 'in one segment')
  const done = words[at + table.ROW_DONE]!
  assert.ok(done >= 0 && BigInt(done) <= length, 'the rest lies in the range')
}

function segment(offset: bigint): number {
  const mebibytes = offset >> 20n
  return mebibytes === 0n ? 0 : mebibytes.toString(2).length
}

function assertFile(
  words: Int32Array,
  at: number,
  kind: number,
  channel: number,
  files: FileTable,
): void {
  const file = files.at(words[at + table.ROW_FILE]!)
  assert.ok(file, `operation ${kind} on a file that there is not`)
  assert.equal(file.channel, channel, 'a file of this very client')
  assert.ok(file.inFlight > 0, 'counted as in flight')
  if (kind === OPERATION_READ) assert.ok(file.rights & RIGHT_READ, 'the right to read')
  if (WRITES.has(kind)) assert.ok(file.rights & RIGHT_WRITE, 'the right to write')
  const rwFlags = words[at + table.ROW_RW_FLAGS]!
  if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
    assert.equal(rwFlags, 0, 'no flags of the kernel')
    const high = words[at + table.ROW_OFF_HIGH]!
    const own = high === -1 && words[at + table.ROW_OFF_LOW] === -1
    assert.ok(high >= 0 || own, 'a position, or the own one')
  }
  if (kind === OPERATION_SYNC_RANGE) assert.equal(rwFlags & ~7, 0)
  if (kind === OPERATION_ALLOCATE) assert.equal(rwFlags, 0)
  if (kind === OPERATION_TRIM) {
    assert.equal(rwFlags, file.kind === FILE_KIND_BLOCK_DEVICE ? 1 : 0, 'how, as the actor says')
  }
  if (kind === OPERATION_TRUNCATE) assert.notEqual(file.kind, FILE_KIND_BLOCK_DEVICE)
  if (kind === OPERATION_CLOSE) assert.equal(file.inFlight, 1, 'nothing else is in flight on it')
}
