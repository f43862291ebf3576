// What must be true after any number of kills.
import assert from 'node:assert/strict'
import type { KillsReport } from './kills.ts'

/** Room for what the allocator has not given back yet; a lost arena in a hundred kills is more. */
const GROWTH_BYTES_MAX = 32 << 20

export function assertKills(report: KillsReport): void {
  const { descriptors, threads, residentBytes, places, verified } = report
  assert.ok(verified > 0, 'the others have verified nothing')
  assert.ok(descriptors[1] <= descriptors[0], `descriptors: ${descriptors}`)
  // A kernel worker more or less serves whoever writes at the moment.
  assert.ok(threads[1] <= threads[0] + 4, `threads: ${threads}`)
  assert.ok(residentBytes[1] - residentBytes[0] < GROWTH_BYTES_MAX, `RSS: ${residentBytes}`)
  assert.equal(places[0], places[1], 'a place was lost with a client that died')
}
