// Operations that are posted in bursts: those that come within 5 microseconds, eight of them or sixteen,
// have one reading of the clock together, each its own where they do not. The clock is one that the test moves.
import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { syncBuiltinESMExports } from 'node:module'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import { beforeEach, test } from 'node:test'
import {
  HEADER_BYTES,
  HEADER_TRACE,
  OPERATION_NOP,
  TRACE_HISTOGRAM,
  TRACE_SPAN,
} from '#dist/protocol/index.js'
import type { OperationSpan } from '#dist/trace/types.js'
import { deliver, PLACES, unexpected } from './places.ts'

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
let trace: InstanceType<typeof OperationTrace>

beforeEach(() => {
  header[HEADER_TRACE] = TRACE_HISTOGRAM
  trace = new OperationTrace(header, 64, PLACES, unexpected, unexpected)
})

const operations: Array<InstanceType<typeof Operation>> = []

/** Posts some, so many nanoseconds apart, in slots from 0 on; returns how often that read the clock. */
function post(count: number, apart: number): number {
  readings = 0
  for (let slot = 0; slot < count; slot++) {
    const operation = new Operation(slot)
    operations[slot] = operation
    trace.claimed()
    operation.kind = OPERATION_NOP
    trace.posting(operation, false)
    clock += apart
  }
  return readings
}

const micros = (nanoseconds: number): number => nanoseconds / 1e3

for (const [apart, together] of [
  [100, 16],
  [310, 16],
  [315, 8],
  [620, 8],
] as const) {
  test(`of some ${apart} ns apart each of the first eight has a reading of the clock, then one of ${together}`, () => {
    const shared = 48 / together
    // And one for the time of one posting, which ends outside of this.
    assert.equal(post(8 + 48, apart), 8 + shared + 1)
    for (let slot = 0; slot < 8 + 48; slot++) {
      // Up to so many posts ago, and never later than it was.
      const posted = clock - (8 + 48 - slot) * apart
      const off = micros(posted) - trace.posted[slot]!
      const most = slot < 8 ? 0 : micros((together - 1) * apart)
      assert.ok(off >= -0.001 && off <= most + 0.001 && most < 5, `${slot}: ${off}`)
    }
  })
}

test('each of them is counted, with its own end', () => {
  post(40, 100)
  trace.turnEnded()
  deliver(trace, operations.slice(0, 39))
  clock += 1e6
  deliver(trace, operations.slice(39, 40))
  const { total } = trace.recorder.latency().nop!
  assert.equal(total.count, 40)
  assert.ok(total.max >= 1000 && total.p90 < 100, JSON.stringify(total))
})

test('after fast ones the first of the next turn has a reading, and the next fifteen have that', () => {
  post(40, 100)
  trace.turnEnded()
  clock += 150_000
  const began = micros(clock)
  assert.equal(post(16, 100), 1)
  for (let slot = 0; slot < 16; slot++) assert.equal(trace.posted[slot], began, `${slot}`)
})

test('after a pause each has a reading again', () => {
  post(40, 100)
  trace.turnEnded()
  clock += 250_000
  assert.ok(post(8, 100_000) >= 8)
  for (let slot = 0; slot < 8; slot++) {
    const off = Math.abs(micros(clock - (8 - slot) * 100_000) - trace.posted[slot]!)
    assert.ok(off < 0.001, `${slot}: ${off}`)
  }
})

test('slow turns after fast ones are found out at the second of them', () => {
  post(40, 100)
  trace.turnEnded()
  post(4, 100_000)
  trace.turnEnded()
  assert.ok(post(4, 100_000) >= 4)
})

test('turns too short to tell are looked at again and again', () => {
  post(40, 100)
  let together = 0
  let each = 0
  for (let turn = 0; turn < 1000; turn++) {
    trace.turnEnded()
    clock += 1e4
    if (post(4, 100) >= 4) each++
    else together++
  }
  assert.ok(each >= 1000 / 70 && each <= together / 10, `${each} turns, beside ${together}`)
})

test('turns that become slow, too short to tell, are found out', () => {
  post(40, 100)
  for (let turn = 0; turn < 65; turn++) {
    trace.turnEnded()
    post(4, 10_000)
  }
  for (let turn = 0; turn < 65; turn++) {
    trace.turnEnded()
    assert.ok(post(4, 10_000) >= 4, `turn ${turn}`)
  }
})

test('of slow ones each has a reading, after fast ones from the next reading on', () => {
  assert.ok(post(40, 1000) >= 40)
  trace.turnEnded()
  post(16, 100)
  for (const turn of ['the same', 'the next one']) {
    assert.ok(post(40, 1000) >= 40 - 15, turn)
    for (let slot = 16; slot < 40; slot++) {
      const off = Math.abs(micros(clock - (40 - slot) * 1000) - trace.posted[slot]!)
      assert.ok(off < 0.001, `${turn}, ${slot}: ${off}`)
    }
    trace.turnEnded()
    post(16, 100)
    trace.turnEnded()
  }
})

test('where events are wanted each has its own, which begins when it was posted', () => {
  header[HEADER_TRACE] = TRACE_SPAN
  const begins: number[] = []
  const listener = (message: unknown): void => {
    begins.push((message as OperationSpan).startTime)
  }
  subscribe('tracing:uring-actor:operation:asyncEnd', listener)
  try {
    post(56, 100)
    deliver(trace, operations.slice(0, 56))
  } finally {
    unsubscribe('tracing:uring-actor:operation:asyncEnd', listener)
  }
  assert.equal(begins.length, 56)
  assert.ok(begins.at(-1)! - begins[0]! >= 0.0039, 'they begin one after the other')
})
