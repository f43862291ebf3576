// How many processors' time the process may use is found wherever a control group says so: its own, one
// above it, the root of a container's mount, in both versions; and nothing is made of what cannot be read.
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { cpuQuota } from '#dist/host/cpu-quota.js'

const ROOT = '/sys/fs/cgroup'
const NONE = Number.POSITIVE_INFINITY

const quota = (groups: string, files: Record<string, string> = {}): number =>
  cpuQuota((path) => (path === '/proc/self/cgroup' ? groups : (files[path] ?? '')))

/** What version 1 has in the files of a group. */
const version1 = (directory: string, micros: number, period = 100_000): Record<string, string> => ({
  [`${directory}/cpu.cfs_quota_us`]: `${micros}\n`,
  [`${directory}/cpu.cfs_period_us`]: `${period}\n`,
})

test('version 2: its own group, and the least of those above', () => {
  const groups = '0::/a/b\n'
  assert.equal(quota(groups), NONE)
  assert.equal(quota(groups, { [`${ROOT}/a/b/cpu.max`]: 'max 100000\n' }), NONE)
  assert.equal(quota(groups, { [`${ROOT}/a/b/cpu.max`]: '150000 100000\n' }), 1.5)
  assert.equal(quota(groups, { [`${ROOT}/a/cpu.max`]: '20000 10000\n' }), 2)
  const both = {
    [`${ROOT}/a/b/cpu.max`]: '400000 100000\n',
    [`${ROOT}/a/cpu.max`]: '50000 100000\n',
  }
  assert.equal(quota(groups, both), 0.5)
})

test('version 2: the root, where a container has its own group mounted', () => {
  const files = { [`${ROOT}/cpu.max`]: '100000 100000\n' }
  assert.equal(quota('0::/\n', files), 1)
  assert.equal(quota('0::/not/seen/from/here\n', files), 1)
})

test('version 1, by itself and with the accounting, and beside version 2', () => {
  const groups = '4:memory:/m\n2:cpuacct,cpu:/x:y\n1:name=systemd:/z\n0::/\n'
  assert.equal(quota(groups), NONE)
  assert.equal(quota(groups, version1(`${ROOT}/cpu/x:y`, -1)), NONE)
  assert.equal(quota(groups, version1(`${ROOT}/cpu/x:y`, 250_000)), 2.5)
  assert.equal(quota(groups, version1(`${ROOT}/cpu,cpuacct`, 30_000, 60_000)), 0.5)
  assert.equal(quota(groups, version1(`${ROOT}/memory/m`, 10_000)), NONE)
})

test('what cannot be read, or is no number, limits nothing', () => {
  assert.equal(quota(''), NONE)
  for (const line of ['0::', '0', ':::', '0::relative', 'nonsense', '1:cpu:']) {
    assert.equal(quota(line, { [`${ROOT}/cpu.max`]: '100000 100000\n' }), NONE, line)
  }
  for (const text of ['', '100000', 'x y', '0 0', '-1 100000', '100000 0', '\0']) {
    assert.equal(quota('0::/\n', { [`${ROOT}/cpu.max`]: text }), NONE, JSON.stringify(text))
  }
})

test('here it is some positive number, or none', (context) => {
  const here = cpuQuota()
  assert.ok(here > 0, `${here}`)
  context.diagnostic(`${here} of ${availableParallelism()} processors`)
})
