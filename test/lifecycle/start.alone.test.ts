// How long an actor takes to start, beside a worker that does nothing. The two are started in turns, and
// while no other test runs: both are a matter of how much of two processors they get.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import { temporaryFile } from '../support/temporary.ts'

const child = new URL('./footprint-child.js', import.meta.url)
const path = temporaryFile(1 << 20)
const TURNS = 7

/** With --expose-gc node would not use its code cache, and no thread start as it does for users. */
function millisOf(kind: string): Promise<number> {
  return reportOf<number>(child, { args: [kind, path], nodeArgs: [] })
}

// How many milliseconds that are is for the benchmark: a test runs on machines of any speed.
test('spawnActor() to the first completed read takes less than three starts of a worker', async (t) => {
  let bare = Number.POSITIVE_INFINITY
  let millis = Number.POSITIVE_INFINITY
  // The least of a few runs: what else runs on the machine only ever adds.
  for (let turn = 0; turn < TURNS; turn++) {
    bare = Math.min(bare, await millisOf('start of a bare worker'))
    millis = Math.min(millis, await millisOf('start to first read'))
  }
  t.diagnostic(`${millis.toFixed(1)} ms, a bare worker ${bare.toFixed(1)} ms`)
  assert.ok(millis < 3 * bare, `${millis.toFixed(1)} ms, a bare worker ${bare.toFixed(1)} ms`)
})
