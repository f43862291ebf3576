// What a client's trace does at the level 'off': it reads no clock, whatever becomes of operations. The
// clock is counted from before the trace is loaded, and read at the next level, or it was not counted.
import assert from 'node:assert/strict'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { beforeEach, test } from 'node:test'
import {
  COMPLETION_COMPLETED_F64,
  HEADER_BYTES,
  HEADER_TRACE,
  OPERATION_READ,
  TRACE_HISTOGRAM,
  TRACE_OFF,
} from '#dist/protocol/index.js'
import { deliver, PLACES, unexpected } from './places.ts'

let readings = 0
const clock = process.hrtime
const counted = (): [number, number] => {
  readings++
  return clock()
}
process.hrtime = Object.assign(counted, { bigint: clock.bigint })
// What newer versions of Node read instead.
const otherClock = performance.now.bind(performance)
performance.now = () => {
  readings++
  return otherClock()
}
syncBuiltinESMExports()
const { Operation } = await import('#dist/transport/operation.js')
const { OperationTrace } = await import('#dist/trace/operation-trace.js')

const POSTS = 100
const header = new Int32Array(HEADER_BYTES / 4)
const trace = new OperationTrace(header, 8, PLACES, unexpected, unexpected)
const times = new Float64Array(8)

/** Posts and delivers as a transport does. */
function work(): void {
  const operation = new Operation(3)
  for (let post = 0; post < POSTS; post++) {
    trace.claimed()
    operation.kind = OPERATION_READ
    trace.posting(operation, false)
    if (trace.timing) trace.timed()
    trace.turnEnded()
    times[COMPLETION_COMPLETED_F64] = trace.now()
    deliver(trace, [operation], times)
    operation.clear()
  }
}

beforeEach(() => {
  readings = 0
})

test("at 'off' no clock is read", () => {
  header[HEADER_TRACE] = TRACE_OFF
  work()
  assert.equal(readings, 0)
  assert.deepEqual(trace.recorder.latency(), {})
})

test("at 'histogram' it is, for each that is posted and each batch that is delivered", () => {
  header[HEADER_TRACE] = TRACE_HISTOGRAM
  work()
  assert.ok(readings >= 2 * POSTS, `${readings} readings`)
  assert.equal(trace.recorder.latency().read?.total.count, POSTS)
})
