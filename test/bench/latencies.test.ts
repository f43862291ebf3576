// What the benchmarks say of latencies: percentiles are those of the recorded times, and nothing is lost
// when threads and rounds are put together.
import assert from 'node:assert/strict'
import test from 'node:test'
import { LatencyRecorder, SLOTS } from '@uring-actor/bench/measure/latency-recorder.js'
import { latencyResult, percentiles } from '@uring-actor/bench/measure/latency-result.js'

/** Widest bucket, and half of the narrowest. */
const RELATIVE = 0.032
const ABSOLUTE = 1 / 32

function assertNear(found: number, exact: number): void {
  assert.ok(Math.abs(found - exact) <= exact * RELATIVE + ABSOLUTE, `${found}, not ${exact}`)
}

/** One operation of each time, in microseconds, evenly over a second. */
function recorded(times: readonly number[]): LatencyRecorder {
  const recorder = new LatencyRecorder()
  recorder.begin(1000, 1)
  for (const [index, micros] of times.entries()) {
    const ended = 1000 + (index / times.length) * 1000
    recorder.record(ended - micros / 1000, ended)
  }
  return recorder
}

test('percentiles are those of the times', () => {
  const times = Array.from({ length: 20_000 }, (_, index) => 0.5 * 1.0007 ** index)
  const sorted = [...times]
  // In another order than by size.
  times.reverse()
  const found = percentiles(recorded(times).raw())
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1]!
  assertNear(found.p50Micros!, at(0.5))
  assertNear(found.p90Micros!, at(0.9))
  assertNear(found.p99Micros!, at(0.99))
  assertNear(found.p999Micros!, at(0.999))
  assertNear(found.p9999Micros!, at(0.9999))
  assert.ok(Math.abs(found.maxMicros! / at(1) - 1) < 1e-6)
})

test('two recorders put together are as one', () => {
  const times = Array.from({ length: 5000 }, (_, index) => 1 + (index % 997))
  const whole = recorded(times)
  const both = recorded(times.slice(0, 0))
  both.add(whole.raw())
  assert.deepEqual(both.raw(), whole.raw())
  assert.equal(both.count, times.length)
})

test('rounds stand behind one another, and no operation is lost', () => {
  const rounds = [[10, 20, 30], [1000], [5, 5_000_000]].map((times) => recorded(times).raw())
  const { count, maxMicros, distribution, overTime } = latencyResult(rounds, 1)
  assert.equal(count, 6)
  assert.ok(Math.abs(maxMicros - 5_000_000) < 1)
  assert.equal(
    distribution.reduce((sum, [, operations]) => sum + operations, 0),
    6,
  )
  assert.deepEqual([overTime.slots, overTime.slotMillis], [3 * SLOTS, 1000 / SLOTS])
  const byRound = [0, 0, 0]
  for (const [slot, , operations] of overTime.counts)
    byRound[Math.floor(slot / SLOTS)]! += operations
  assert.deepEqual(byRound, [3, 1, 2])
})

test('an operation is in the row that its time is within', () => {
  const times = [0.01, 0.7, 3, 42, 999, 123_456]
  for (const micros of times) {
    const { overTime } = latencyResult([recorded([micros]).raw()], 1)
    const [[, row] = [0, -1, 0]] = overTime.counts
    const [low, high] = [overTime.edgesMicros[row]!, overTime.edgesMicros[row + 1]!]
    assert.ok(low <= micros && micros <= high, `${low} <= ${micros} <= ${high}`)
  }
})
