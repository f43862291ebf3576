// The intake against hostile clients: whatever stands in shared memory, no request gets past it that
// is not for an operation we know, on a file of that client, with its rights, inside of its arena.
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import { describe, test } from 'node:test'
import {
  FILE_KIND_BLOCK_DEVICE,
  FILE_KIND_REGULAR,
  OPERATION_ALLOCATE,
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
  REQUEST_DRAIN,
  REQUEST_FLAGS_SHIFT,
  REQUEST_WORDS,
  segmentOf,
} from '@uring-actor/client/protocol'
import fc from 'fast-check'
import type { Channel } from '#dist/channels/channel.js'
import { Intake } from '#dist/channels/intake.js'
import { FileTable, OpenFile, RIGHT_READ, RIGHT_WRITE } from '#dist/files/file-table.js'
import * as row from '#dist/operations/operation-table.js'

const ARENA = 4 * 2 ** 20
const MINE = 3
const OTHER = 4

interface World {
  readonly table: row.OperationTable
  readonly files: FileTable
  readonly intake: Intake
  readonly words: Int32Array
  readonly channel: Channel
}

function world(): World {
  const table = new row.OperationTable(4)
  const files = new FileTable(1, 16)
  const open = (channel: number, flags: number, kind: number): void => {
    const slot = files.claim()
    files.put(new OpenFile(slot, files.generationOf(slot), 100, channel, flags, kind, 512, 512))
  }
  open(MINE, constants.O_RDWR, FILE_KIND_REGULAR)
  open(MINE, constants.O_RDONLY, FILE_KIND_REGULAR)
  open(MINE, constants.O_WRONLY, FILE_KIND_REGULAR)
  open(MINE, constants.O_RDWR, FILE_KIND_BLOCK_DEVICE)
  open(OTHER, constants.O_RDWR, FILE_KIND_REGULAR)
  // A slot that was used twice: its first handle is stale.
  open(MINE, constants.O_RDWR, FILE_KIND_REGULAR)
  files.release(6)
  open(MINE, constants.O_RDWR, FILE_KIND_REGULAR)
  const words = new Int32Array(new SharedArrayBuffer(REQUEST_WORDS * 4))
  const channel = { slot: MINE, words, arena: new Uint8Array(ARENA) } as unknown as Channel
  return { table, files, intake: new Intake(table, files), words, channel }
}

/** Words that are near what could be right, as well as any others. */
const word = fc.oneof(
  fc.integer({ min: -2, max: 20 }),
  fc.constantFrom(ARENA, ARENA - 1, ARENA - 8, ARENA - 128, 2 ** 20, 2 ** 20 - 8, 2 ** 21 - 4096),
  fc.constantFrom(4096, 8192, 2 ** 31 - 1, -(2 ** 31), -1),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)
const requests = fc.tuple(
  fc.oneof(fc.integer({ min: 0, max: 18 }), word),
  fc.oneof(fc.integer({ min: 0, max: 8 }), word),
  fc.array(word, { minLength: 9, maxLength: 9 }),
  fc.oneof(fc.constantFrom(1, 2), word),
)

const LEAST: ReadonlyMap<number, number> = new Map([
  [OPERATION_READ, 1],
  [OPERATION_WRITE, 1],
  [OPERATION_OPEN, 24],
  [OPERATION_STAT, 128],
  [OPERATION_UTIMES, 16],
])
const WRITES: ReadonlySet<number> = new Set([OPERATION_WRITE, OPERATION_ALLOCATE, OPERATION_TRIM])

/** What must be true of a request that was let through. */
function assertHarmless({ table, files, channel }: World, at: number, inFlight: number[]): void {
  const { words } = table
  const kind = words[at + row.ROW_KIND]!
  assert.ok(kind >= OPERATION_NOP && kind < OPERATION_LIMIT)
  assert.equal(words[at + row.ROW_CHANNEL], MINE)
  const least = LEAST.get(kind)
  if (least !== undefined) {
    const address = words[at + row.ROW_ADDR_LOW]!
    const length = words[at + row.ROW_LEN]!
    assert.ok(address >= 0 && length >= 0, 'as int32, which is how they are used')
    const end = address + Math.max(length, least)
    assert.ok(end <= channel.arena.length, `[${address}, ${end}) lies in the arena`)
    assert.equal(segmentOf(address), segmentOf(end - 1), 'in one registered buffer')
    assert.equal(words[at + row.ROW_ADDR_HIGH], 0)
    if (least > 1) assert.equal(address % 8, 0)
  }
  if (kind === OPERATION_NOP || kind === OPERATION_DETACH || kind === OPERATION_OPEN) {
    assert.equal(words[at + row.ROW_FILE], -1)
    return
  }
  const slot = words[at + row.ROW_FILE]!
  const file = files.at(slot)
  assert.ok(file !== null && file.channel === MINE, 'a file of this very client')
  assert.equal(file.inFlight, inFlight[slot]! + 1, 'counted as in flight')
  if (kind === OPERATION_READ) assert.ok(file.rights & RIGHT_READ)
  if (WRITES.has(kind)) assert.ok(file.rights & RIGHT_WRITE)
  if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
    const low = words[at + row.ROW_OFF_LOW]!
    const high = words[at + row.ROW_OFF_HIGH]!
    assert.ok(high >= 0 || (high === -1 && low === -1), 'a position, or the own one')
    assert.equal(words[at + row.ROW_RW_FLAGS], 0, 'no flags of the kernel')
  }
  if (kind === OPERATION_SYNC_RANGE) assert.equal(words[at + row.ROW_RW_FLAGS]! & ~7, 0)
  if (kind === OPERATION_ALLOCATE) assert.equal(words[at + row.ROW_RW_FLAGS], 0)
  if (kind === OPERATION_TRUNCATE) assert.notEqual(file.kind, FILE_KIND_BLOCK_DEVICE)
}

describe('the intake', () => {
  test('lets nothing harmful through', () => {
    let passed = 0
    fc.assert(
      fc.property(requests, ([operation, fd, others, generation]) => {
        const all = world()
        const { intake, words, channel, files, table } = all
        words.set([operation, fd, ...others, generation])
        const inFlight = Array.from({ length: 16 }, (_, slot) => files.at(slot)?.inFlight ?? 0)
        const taken = intake.copy(channel, 0, 5)
        // From here on the client may write what it likes.
        words.fill(-1)
        const error = intake.check(channel, taken)
        assert.ok(error <= 0 && error >= -133)
        const at = taken * row.ROW_WORDS
        if (error === 0) {
          passed++
          assertHarmless(all, at, inFlight)
        } else {
          assert.equal(table.words[at + row.ROW_FILE], -1, 'no file is held by what is refused')
          const now = Array.from({ length: 16 }, (_, slot) => files.at(slot)?.inFlight ?? 0)
          assert.deepEqual(now, inFlight)
        }
      }),
      { numRuns: 20_000, verbose: 1 },
    )
    assert.ok(passed > 500, `only ${passed} requests got through: nothing was tested`)
  })

  function check(request: number[]): number {
    const { intake, words, channel } = world()
    words.set(request)
    return intake.check(channel, intake.copy(channel, 0, 0))
  }
  const read = (fd: number, generation: number, address = 0, length = 8): number =>
    check([OPERATION_READ, fd, 0, 0, address, 0, length, 0, 0, 0, 0, generation])

  test('takes good requests', () => {
    assert.equal(read(1, 1), 0)
    assert.equal(read(6, 2), 0)
    assert.equal(read(1, 1, ARENA - 8, 8), 0)
    assert.equal(read(1, 1, 2 ** 21, 2 ** 21), 0)
  })

  test('refuses handles that are stale, foreign, made up or without the right', () => {
    assert.equal(read(6, 1), -9, 'stale')
    assert.equal(read(5, 1), -9, 'of another client')
    assert.equal(read(3, 1), -9, 'opened for writing')
    for (const fd of [0, 7, 15, 16, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(read(fd, 1), -9)
  })

  test('lets a client leave only when nothing of it is in flight any more', () => {
    assert.equal(check([OPERATION_DETACH]), -22)
    assert.equal(check([OPERATION_DETACH | (REQUEST_DRAIN << REQUEST_FLAGS_SHIFT)]), 0)
  })

  test('takes no path that the kernel would not', () => {
    const open = (length: number): number => check([OPERATION_OPEN, 0, 0, 0, 0, 0, length])
    assert.equal(open(4096), 0)
    for (const length of [4097, 2 ** 20, 2 ** 31 - 1, -1]) assert.equal(open(length), -36)
  })

  test('refuses memory outside of the arena, or in two segments', () => {
    for (const [address, length] of [
      [ARENA, 1],
      [ARENA - 7, 8],
      [-1, 1],
      [-8, 8],
      [0, -1],
      [8, -8],
      [2 ** 20 - 4, 8],
      [2 ** 31 - 1, 2 ** 31 - 1],
    ] as const) {
      assert.equal(read(1, 1, address, length), -14, `${address} + ${length}`)
    }
    assert.equal(read(1, 1, 0, 0), -22)
  })
})
