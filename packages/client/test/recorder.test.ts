// The recorder counts operations that have their times in common together. Whatever comes after what,
// it has recorded the same as if each had been recorded by itself; and of each, times that add up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  COMPLETION_BUSY_F64,
  COMPLETION_COMPLETED_F64,
  COMPLETION_SUBMITTED_F64,
  COMPLETION_TAKEN_F64,
  KIND_F64,
  METRICS,
  OPERATION_NOP,
  OPERATION_READ,
} from '#dist/protocol/index.js'
import { Recorder } from '#dist/trace/recorder.js'

interface Delivered {
  kind: number
  posted: number
  taken: number
  submitted: number
  completed: number
  busy: number
}

/** Few values, so that neighbours often have some in common, and out of order now and then. */
const moment = fc.integer({ min: 0, max: 6 }).map((value) => 1000 + value * 1.5)
const delivered: fc.Arbitrary<Delivered> = fc.record({
  kind: fc.constantFrom(OPERATION_READ, OPERATION_NOP),
  posted: moment,
  taken: moment,
  submitted: moment,
  completed: moment,
  busy: fc.constantFrom(0, 0.5, 4),
})
/** One after the other, some of them several times. */
const batch: fc.Arbitrary<Delivered[]> = fc
  .array(fc.tuple(delivered, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 20 })
  .map((runs) => runs.flatMap(([one, times]) => new Array<Delivered>(times).fill(one)))

const now = 1008

function recordOne(recorder: Recorder, one: Delivered): void {
  const times = new Float64Array(8)
  times[COMPLETION_TAKEN_F64] = one.taken
  times[COMPLETION_SUBMITTED_F64] = one.submitted
  times[COMPLETION_COMPLETED_F64] = one.completed
  times[COMPLETION_BUSY_F64] = one.busy
  recorder.now[0] = now
  recorder.record(one.kind, Float64Array.of(one.posted), 0, times, 0)
}

function memoryOf(batch: readonly Delivered[], together: boolean): Float64Array {
  const recorder = new Recorder()
  for (const one of batch) {
    recordOne(recorder, one)
    if (!together) recorder.flush()
  }
  recorder.flush()
  const memory = new Float64Array(recorder.memory)
  const kinds = [OPERATION_READ, OPERATION_NOP].map((kind) =>
    memory.subarray(kind * KIND_F64, (kind + 1) * KIND_F64),
  )
  return Float64Array.of(...kinds.flatMap((part) => [...part]))
}

test('what is counted together is what each by itself would be', () => {
  fc.assert(
    fc.property(batch, (operations) => {
      const together = memoryOf(operations, true)
      const alone = memoryOf(operations, false)
      for (let index = 0; index < alone.length; index++) {
        const off = Math.abs(together[index]! - alone[index]!)
        // Sums are added up in another order.
        assert.ok(off <= 1e-9 * Math.abs(alone[index]!), `${index}: ${together[index]}`)
      }
    }),
    { numRuns: 300, verbose: 1 },
  )
})

test('each operation is counted, in all that is recorded of it', () => {
  fc.assert(
    fc.property(batch, (operations) => {
      const recorder = new Recorder()
      for (const one of operations) recordOne(recorder, one)
      recorder.flush()
      const { read, nop } = recorder.latency()
      for (const [kind, latency] of [
        [OPERATION_READ, read] as const,
        [OPERATION_NOP, nop] as const,
      ]) {
        const wanted = operations.filter((one) => one.kind === kind).length
        for (const metric of METRICS) assert.equal(latency?.[metric].count ?? 0, wanted, metric)
      }
    }),
    { numRuns: 100, verbose: 1 },
  )
})

test('of each its stages fill its total, and none is negative, also where clocks disagree', () => {
  fc.assert(
    fc.property(batch, (operations) => {
      const recorder = new Recorder()
      for (const one of operations) {
        recordOne(recorder, one)
        const { total, busy, idle, queue, batch, kernel, delivery } = recorder.stages()
        for (const stage of [busy, idle, queue, batch, kernel, delivery]) assert.ok(stage >= 0)
        assert.ok(Math.abs(queue + batch + kernel + delivery - total) < 1e-9)
        assert.ok(Math.abs(busy + idle - total) < 1e-9)
        assert.equal(
          total,
          Math.max(now, one.posted, one.taken, one.submitted, one.completed) - one.posted,
        )
      }
    }),
    { numRuns: 200, verbose: 1 },
  )
})
