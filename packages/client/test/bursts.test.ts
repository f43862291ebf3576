// Operations that are posted in bursts: one of eight is measured where they come fast, and counts for all
// of them; where they do not, or each is wanted, each is measured. The clock is one that the test moves.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { beforeEach, test } from 'node:test'
import {
  HEADER_BYTES,
  HEADER_SLOW,
  HEADER_TRACE,
  OPERATION_NOP,
  OPERATION_READ,
  TRACE_HISTOGRAM,
  TRACE_RECORD,
  TRACE_SPAN,
} from '#dist/protocol/index.js'

/** In nanoseconds. */
let clock = 1_000_000_000
let readings = 0
const read = (): [number, number] => {
  readings++
  return [Math.floor(clock / 1e9), clock % 1e9]
}
process.hrtime = Object.assign(read, { bigint: () => BigInt(clock) })
// What newer versions of Node read instead.
performance.now = () => {
  readings++
  return clock / 1e6
}
syncBuiltinESMExports()
const { Operation } = await import('#dist/transport/operation.js')
const { OperationTrace } = await import('#dist/trace/operation-trace.js')

const header = new Int32Array(HEADER_BYTES / 4)
const places = {
  threadId: 1,
  pathOf: () => '/file',
  openedPath: () => '/file',
  errorOf: () => new Error('none is expected'),
}
let trace: InstanceType<typeof OperationTrace>
let slow = 0

beforeEach(() => {
  header[HEADER_TRACE] = TRACE_HISTOGRAM
  header[HEADER_SLOW] = 0
  slow = 0
  trace = new OperationTrace(
    header,
    64,
    places,
    () => slow++,
    () => {},
  )
})

type Posted = InstanceType<typeof Operation>

/** Posts some, so many nanoseconds apart, in slots from 0 on. */
function post(kinds: readonly number[], apart: number): Posted[] {
  return kinds.map((kind, slot) => {
    const operation = new Operation(slot)
    trace.claimed()
    operation.kind = kind
    trace.posting(operation, false)
    clock += apart
    return operation
  })
}

function deliver(operations: readonly Posted[]): void {
  if (!trace.delivering()) return
  for (const operation of operations) trace.completed(operation, 0, 0, new Float64Array(8), 0)
  trace.recorder.delivered(operations.length)
}

/** One turn in which some are posted; all are delivered then. Returns how often posting read the clock. */
function turn(kinds: readonly number[], apart: number): number {
  readings = 0
  const operations = post(kinds, apart)
  trace.turnEnded()
  const posted = readings
  clock += 1e6
  deliver(operations)
  return posted
}

const nops = (count: number): number[] => new Array(count).fill(OPERATION_NOP)

test('of fast ones each of the first eight is measured, then one of eight, and all are counted', () => {
  assert.equal(turn(nops(40), 100), 8 + 4)
  assert.equal(trace.recorder.latency().nop?.total.count, 40)
  assert.equal(trace.recorder.latency().nop?.kernel.count, 40)
})

test('the next turn begins anew', () => {
  turn(nops(40), 100)
  assert.equal(turn(nops(6), 100), 6)
  assert.equal(trace.recorder.latency().nop?.total.count, 46)
})

test('of slow ones each is measured, also when those before were fast', () => {
  assert.equal(turn(nops(40), 1000), 40)
  readings = 0
  assert.equal(trace.recorder.latency().nop?.total.count, 40)
})

test('what is of another kind is not counted as what was measured', () => {
  const mixed = Array.from({ length: 32 }, (_, index) =>
    index % 4 === 3 ? OPERATION_READ : OPERATION_NOP,
  )
  turn(mixed, 100)
  assert.equal(trace.recorder.latency().nop?.total.count, 24)
  assert.equal(trace.recorder.latency().read?.total.count, 8)
})

test('all are counted where those that count for others are done before the turn is', () => {
  let count = 0
  for (const posts of [11, 3, 17, 8, 40, 1, 9, 30, 12, 5]) {
    const operations = post(nops(posts), 100)
    count += posts
    deliver(operations)
    assert.equal(trace.recorder.latency().nop?.total.count, count)
  }
})

test('each has its times where slow operations are reported', () => {
  header[HEADER_SLOW] = 500
  turn(nops(40), 100)
  assert.equal(slow, 40)
})

test('and where a trace file is recorded, or somebody is subscribed', () => {
  header[HEADER_TRACE] = TRACE_HISTOGRAM | TRACE_RECORD
  turn(nops(40), 100)
  assert.equal(trace.posted.filter((posted) => posted !== 0).length, 40)
  header[HEADER_TRACE] = TRACE_SPAN
  let ended = 0
  const listener = (): void => {
    ended++
  }
  subscribe('tracing:uring-actor:operation:asyncEnd', listener)
  try {
    turn(nops(40), 100)
  } finally {
    unsubscribe('tracing:uring-actor:operation:asyncEnd', listener)
  }
  assert.equal(ended, 40)
})

test('where nobody is subscribed they are counted as at the level below', () => {
  header[HEADER_TRACE] = TRACE_SPAN
  assert.equal(turn(nops(40), 100), 8 + 4)
  assert.equal(trace.recorder.latency().nop?.total.count, 40)
})
