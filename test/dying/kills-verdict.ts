// What must be true after any number of kills.
import assert from 'node:assert/strict'
import type { KillsReport } from './kills.ts'

/** Room for what the allocator has not given back yet; a lost arena in a hundred kills is more. */
const GROWTH_BYTES_MAX = 32 << 20

/**
 * Pools of threads that are ended like this lose some by themselves, without anything of ours: a
 * thousand were seen to leave two threads with eight descriptors, and three hundred megabytes.
 */
const POOL_BYTES = 300 << 10
const POOLS_OF_ONE_DESCRIPTOR = 50

export function assertKills(report: KillsReport): void {
  const { descriptors, threads, residentBytes, places, verified } = report
  assert.ok(verified > 0, 'the others have verified nothing')
  const pools = (report.kills['destroy a pool'] ?? 0) + (report.kills.replace ?? 0)
  const lost = Math.floor(pools / POOLS_OF_ONE_DESCRIPTOR)
  assert.ok(descriptors[1] <= descriptors[0] + lost, `descriptors: ${descriptors}`)
  // A kernel worker more or less serves whoever writes at the moment.
  assert.ok(threads[1] <= threads[0] + 4 + lost, `threads: ${threads}`)
  const growth = residentBytes[1] - residentBytes[0] - pools * POOL_BYTES
  assert.ok(growth < GROWTH_BYTES_MAX, `RSS: ${residentBytes}`)
  assert.equal(places[0], places[1], 'a place was lost with a client that died')
}
