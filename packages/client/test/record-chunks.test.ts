// Rows for a trace file, gathered into chunks: each row is handed on once and in order, after a while
// at the latest, and what is held is known.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { CHUNK_RECORDS } from '#dist/protocol/index.js'
import { RecordChunks } from '#dist/trace/record-chunks.js'

const WIDTH = 3
const HELD = 1

let words: Int32Array
let handed: Float64Array[]
let heldMeanwhile: number[]
let chunks: RecordChunks

beforeEach(() => {
  words = new Int32Array(new SharedArrayBuffer(8))
  handed = []
  heldMeanwhile = []
  chunks = new RecordChunks(WIDTH, words, HELD, (records) => {
    heldMeanwhile.push(Atomics.load(words, HELD))
    handed.push(records)
  })
})

function record(value: number, now: number = 0): void {
  const at = chunks.next(now)
  chunks.rows.fill(value, at, at + WIDTH)
}

/** The first number of each row that was handed on. */
function values(): number[] {
  return handed.flatMap((records) => [...records].filter((_, index) => index % WIDTH === 0))
}

test('a full chunk is handed on with the next row, and is not written to again', () => {
  for (let row = 0; row < 2 * CHUNK_RECORDS + 3; row++) record(row)
  assert.deepEqual(
    handed.map(({ length }) => length),
    [CHUNK_RECORDS * WIDTH, CHUNK_RECORDS * WIDTH],
  )
  assert.equal(Atomics.load(words, HELD), 3)
  chunks.end()
  assert.deepEqual(
    values(),
    Array.from({ length: 2 * CHUNK_RECORDS + 3 }, (_, row) => row),
  )
  assert.equal(Atomics.load(words, HELD), 0)
})

test('a row is held until it has been handed on', () => {
  record(1)
  record(2)
  assert.equal(Atomics.load(words, HELD), 2)
  chunks.handOn()
  assert.deepEqual(heldMeanwhile, [2])
  assert.equal(Atomics.load(words, HELD), 0)
  chunks.handOn()
  assert.equal(handed.length, 1)
  chunks.end()
})

test('little is handed on after a while, by itself', async () => {
  const alive = setInterval(() => {}, 1000)
  record(1)
  await new Promise<void>((resolve) => {
    chunks = new RecordChunks(WIDTH, words, HELD, () => resolve())
    record(2)
  })
  clearInterval(alive)
})

test('a thread that is blocked, and has no timers, hands on with a later row', () => {
  record(1, 1000)
  record(2, 100_000)
  assert.equal(handed.length, 0)
  record(3, 102_000)
  assert.deepEqual(values(), [1, 2])
  chunks.end()
  assert.deepEqual(values(), [1, 2, 3])
})

test('no timer is left at the end, and none keeps the process alive', () => {
  record(1)
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'))
  chunks.end()
  assert.deepEqual(values(), [1])
})
