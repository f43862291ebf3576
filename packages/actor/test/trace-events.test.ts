// The events of a trace file, made of rows: whatever numbers a client sends, the file is JSON,
// slices nest, stages fill their operation, arrows start and end in it, and nothing is written beyond
// the limit.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BATCH_CALLED,
  BATCH_COMPLETED,
  BATCH_ENDED,
  BATCH_F64,
  BATCH_STARTED,
  BATCH_SUBMITTED,
  BATCH_TAKEN,
  COMPLETION_REFUSED,
  OPERATION_READ,
  RECORD_BUSY,
  RECORD_COMPLETED,
  RECORD_DELIVERED,
  RECORD_F64,
  RECORD_FILE,
  RECORD_FLAGS,
  RECORD_LENGTH,
  RECORD_OPERATION,
  RECORD_POSITION,
  RECORD_POSTED,
  RECORD_RES,
  RECORD_SUBMITTED,
  RECORD_TAKEN,
} from '@uring-actor/client/protocol'
import fc from 'fast-check'
import { Lanes } from '#dist/trace-file/lanes.js'
import { TraceEvents } from '#dist/trace-file/trace-events.js'

const BEGAN = 5_000_000_000
const CLIENT = { id: 3, threadId: 7 }

interface Event {
  readonly ph: string
  readonly cat: string
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly id: number
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>>
}

interface File {
  readonly events: readonly Event[]
  readonly data: Readonly<Record<string, unknown>>
}

function fileOf(events: TraceEvents, ...pieces: readonly string[]): File {
  const text = [...pieces, events.tail({ engine: 'io_uring' })].join('')
  const { traceEvents, otherData } = JSON.parse(text)
  return { events: traceEvents, data: otherData }
}

interface Timed {
  readonly posted: number
  readonly stages: readonly [queue: number, batch: number, kernel: number, delivery: number]
}

/** Rows of reads that were delivered in this order; times are microseconds after the beginning. */
function rowsOf(operations: readonly Timed[]): Float64Array {
  const rows = new Float64Array(operations.length * RECORD_F64)
  operations.forEach(({ posted, stages }, index) => {
    const at = index * RECORD_F64
    const moments = [RECORD_POSTED, RECORD_TAKEN, RECORD_SUBMITTED, RECORD_COMPLETED]
    let moment = BEGAN + posted
    moments.forEach((field, stage) => {
      rows[at + field] = moment
      moment += stages[stage]!
    })
    rows[at + RECORD_DELIVERED] = moment
    rows[at + RECORD_OPERATION] = OPERATION_READ
    rows[at + RECORD_BUSY] = 0.5
    rows[at + RECORD_POSITION] = 8192
    rows[at + RECORD_LENGTH] = 4096
    rows[at + RECORD_RES] = 4096
    rows[at + RECORD_FILE] = 0
  })
  return rows
}

function nanos(micros: number): number {
  return Math.round(micros * 1000)
}

/** Slices of a thread lie apart or within each other; of the same length the first is outside. */
function assertNested(events: readonly Event[]): void {
  const open = new Map<number, number[]>()
  const slices = events.filter(({ ph }) => ph === 'X')
  for (const { tid, ts, dur } of slices.toSorted((a, b) => a.ts - b.ts)) {
    const ends = open.get(tid) ?? []
    while (ends.length > 0 && (ends.at(-1) as number) <= nanos(ts)) ends.pop()
    const end = nanos(ts) + nanos(dur)
    const within = ends.at(-1) ?? Number.POSITIVE_INFINITY
    assert.ok(end <= within, `thread ${tid}: ${ts} + ${dur} goes beyond ${within / 1000}`)
    open.set(tid, [...ends, end])
  }
}

/** Each operation has its stages and its arrow, which follow it in the file. */
function assertWhole(events: readonly Event[]): number {
  const operations = events.filter(({ ph, cat }) => ph === 'X' && cat === 'uring')
  for (const operation of operations) {
    const from = events.indexOf(operation)
    const next = events.findIndex(({ cat, ph }, at) => at > from && ph === 'X' && cat === 'uring')
    const own = events.slice(from + 1, next < 0 ? undefined : next)
    const stages = own.filter(({ cat }) => cat === 'stage')
    let moment = nanos(operation.ts)
    for (const { ts, dur, tid } of stages) {
      assert.equal(tid, operation.tid)
      assert.equal(nanos(ts), moment)
      moment += nanos(dur)
    }
    const end = nanos(operation.ts) + nanos(operation.dur)
    if (stages.length > 0) assert.equal(moment, end)
    const [start, finish, ...more] = own.filter(({ ph }) => ph === 's' || ph === 'f')
    assert.ok(start?.ph === 's' && finish?.ph === 'f' && more.length === 0)
    assert.equal(start.id, finish.id)
    assert.equal(start.ts, operation.ts)
    assert.ok(nanos(finish.ts) >= nanos(operation.ts) && nanos(finish.ts) <= end)
  }
  const ids = events.filter(({ ph }) => ph === 's').map(({ id }) => id)
  assert.equal(new Set(ids).size, operations.length)
  return operations.length
}

const stage = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 300, noNaN: true }))
const timed: fc.Arbitrary<Timed> = fc.record({
  posted: fc.double({ min: 0, max: 1000, noNaN: true }),
  stages: fc.tuple(stage, stage, stage, stage),
})

describe('operations', () => {
  test('nest on lanes, whatever overlaps, and are filled by their stages', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), fc.array(timed, { maxLength: 40 }))), (chunks) => {
        const made = new TraceEvents(BEGAN, 1e9)
        const pieces = chunks.map(([id, operations]) =>
          made.operations({ id, threadId: id }, rowsOf(operations), ['/a']),
        )
        const { events } = fileOf(made, made.head(), ...pieces)
        assertNested(events)
        const count = chunks.reduce((sum, [, operations]) => sum + operations.length, 0)
        assert.equal(assertWhole(events), count)
        assert.deepEqual(made.counts, { operations: count, batches: 0, dropped: 0 })
      }),
    )
  })

  test('say what they were about', () => {
    const made = new TraceEvents(BEGAN, 1e9)
    const paths = ['/a "quoted"\n\u0000 \ud800 path']
    const rows = rowsOf([1, 2, 3].map((posted) => ({ posted, stages: [1, 2, 3, 4] })))
    rows[RECORD_F64 + RECORD_RES] = -5
    rows[RECORD_F64 + RECORD_FLAGS] = COMPLETION_REFUSED
    rows[RECORD_F64 + RECORD_FILE] = Number.NaN
    rows[2 * RECORD_F64 + RECORD_OPERATION] = 1000
    rows[2 * RECORD_F64 + RECORD_POSITION] = Number.NaN
    const head = made.head()
    const { events, data } = fileOf(made, head, made.operations(CLIENT, rows, paths))
    const operations = events.filter(({ ph, cat }) => ph === 'X' && cat === 'uring')
    const [read, failed, odd] = operations as [Event, Event, Event]
    assert.equal(read.name, 'read')
    assert.deepEqual(read.args, {
      file: paths[0],
      position: 8192,
      length: 4096,
      result: 4096,
      busyMicros: 0.5,
      idleMicros: 9.5,
    })
    assert.equal(failed.args.error, 'EIO')
    assert.equal(failed.args.fate, 'refused')
    assert.ok(!('result' in failed.args) && !('file' in failed.args))
    assert.equal(odd.name, 'unknown')
    assert.ok(!('position' in odd.args))
    const names = events.filter(({ ph, name }) => ph === 'M' && name.endsWith('_name'))
    assert.deepEqual(
      names.map(({ args }) => args.name),
      ['actor', 'batches', 'client 3 (thread 7)', 'in flight 1', 'in flight 2', 'in flight 3'],
    )
    assert.equal(data.operations, 3)
    assert.equal(data.originMicros, BEGAN - 1000)
  })

  test('that were called before the recording began are no part of it', () => {
    const made = new TraceEvents(BEGAN, 1e9)
    const rows = rowsOf([{ posted: -5000, stages: [1, 1, 9000, 1] }])
    assert.equal(made.operations(CLIENT, rows, []), '')
    assert.deepEqual(made.counts, { operations: 0, batches: 0, dropped: 0 })
  })

  test('of numbers that somebody made up make a file that is sound all the same', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, BEGAN, BEGAN + 10, BEGAN + 1e12),
    )
    const row = fc.array(number, { minLength: RECORD_F64, maxLength: RECORD_F64 })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
        const made = new TraceEvents(BEGAN, 1e9)
        const piece = made.operations(CLIENT, Float64Array.from(rows.flat()), ['/a'])
        const { events } = fileOf(made, made.head(), piece)
        assertNested(events)
        assert.equal(assertWhole(events), made.counts.operations)
        assert.ok(events.every(({ ph, ts }) => ph === 'M' || (ts >= 0 && Number.isFinite(ts))))
      }),
      { numRuns: 300 },
    )
  })
})

describe('batches', () => {
  /** A batch that begins where the one before has ended. */
  function batchRow(started: number, called: number, ended: number): Float64Array {
    const row = new Float64Array(BATCH_F64)
    row[BATCH_STARTED] = BEGAN + started
    row[BATCH_CALLED] = BEGAN + called
    row[BATCH_ENDED] = BEGAN + ended
    row[BATCH_TAKEN] = 4
    row[BATCH_SUBMITTED] = 3
    row[BATCH_COMPLETED] = 2
    return row
  }

  test('have their parts, and the arrows of what they submitted', () => {
    const made = new TraceEvents(BEGAN, 1e9)
    const rows = rowsOf([{ posted: 10, stages: [10.5, 20, 15, 5] }])
    const pieces = [made.head(), made.operations(CLIENT, rows, ['/a'])]
    pieces.push(made.batches(batchRow(0, 0, 20)), made.batches(batchRow(20, 40.5, 60)))
    const { events } = fileOf(made, ...pieces)
    assertNested(events)
    const batches = events.filter(({ cat, name }) => cat === 'actor' && name === 'batch')
    assert.deepEqual(
      batches.map(({ args }) => args),
      [1, 2].map(() => ({ taken: 4, submitted: 3, completed: 2 })),
    )
    const parts = events.filter(({ cat, name }) => cat === 'actor' && name !== 'batch')
    assert.deepEqual(
      parts.map(({ name }) => name),
      ['submit and reap', 'take', 'submit and reap'],
    )
    const step = events.find(({ ph }) => ph === 't') as Event
    const { tid, ts, dur } = batches[1]!
    assert.equal(step.tid, tid)
    assert.ok(step.ts > ts && step.ts < ts + dur)
    assert.equal(made.counts.batches, 2)
  })

  test('that the recording began within are cut, and those before it left out', () => {
    const made = new TraceEvents(BEGAN, 1e9)
    const pieces = [batchRow(-9000, -8500, -8000), batchRow(-8000, -7000, 5)].map((row) =>
      made.batches(row),
    )
    const { events } = fileOf(made, made.head(), ...pieces)
    const [batch, ...others] = events.filter(({ name }) => name === 'batch')
    assert.equal(others.length, 0)
    assert.equal(batch?.ts, 0)
    assertNested(events)
  })
})

test('nothing is written beyond the limit, and all of it is counted', () => {
  for (const limit of [1, 20, 21, 100, 1000]) {
    const made = new TraceEvents(BEGAN, limit)
    const rows = rowsOf(
      Array.from({ length: 200 }, (_, posted) => ({ posted, stages: [9, 9, 9, 9] })),
    )
    const { events } = fileOf(made, made.head(), made.operations(CLIENT, rows, []))
    const { operations, dropped } = made.counts
    assert.ok(events.length <= Math.max(limit, 4), `${events.length} events of ${limit}`)
    assert.equal(operations + dropped, 200)
    if (limit === 1000) assert.ok(operations > 80, `${operations} operations`)
  }
})

test('there are as many lanes as overlap, and no more than allowed', () => {
  const lanes = new Lanes(3)
  assert.deepEqual(
    [lanes.take(0, 10), lanes.take(0, 20), lanes.take(10, 20), lanes.take(5, 30)],
    [0, 1, 0, 2],
  )
  assert.equal(lanes.take(15, 35), -1)
  // Of those that are free the one that was so for the shortest time.
  assert.equal(lanes.take(31, 40), 2)
  assert.equal(lanes.count, 3)
})
