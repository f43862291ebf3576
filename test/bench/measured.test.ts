// A case's process tells its figures in one line. One that holds a figure which is none fails the case
// by name; it is neither shown nor judged as if it had been measured.
import assert from 'node:assert/strict'
import test from 'node:test'
import { measuredFrom } from '@uring-actor/bench/run-case.js'

function lineOf(sample: Record<string, number>): string {
  return JSON.stringify({ sample, latency: null })
}

test('figures are read as they were measured, 0 among them', () => {
  const sample = { operationsPerSecond: 12.5, cpuMicros: 0 }
  assert.deepEqual(measuredFrom(lineOf(sample)), { sample, latency: null })
})

for (const [what, value] of [
  ['a cost of no operation', 0 / 0],
  ['a ratio to nothing', 1 / 0],
] as const) {
  test(`${what} fails the case, and the message names the figure`, () => {
    const line = lineOf({ operationsPerSecond: 0, cpuMicros: value })
    assert.throws(() => measuredFrom(line), { message: /measured no cpuMicros/ })
  })
}
