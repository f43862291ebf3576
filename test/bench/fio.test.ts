// The peer fio: the heat map that is made of its histogram logs shows the operations that it counted
// itself, in the same rows; and nothing that it was given or has written is left.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type RawLatency, SLOTS } from '@uring-actor/bench/measure/latency-recorder.js'
import { reportOf } from '../support/child.ts'
import { missingProgram } from '../support/tools.ts'
import { FILE_BYTES, makeFiles } from './native-files.ts'

const CHILD = new URL('../../../bench/dist/child.js', import.meta.url)

interface Ran {
  readonly latency: RawLatency
  /** What is left in the scratch folder. */
  readonly left: string[]
}

async function run(comparison: string, count = 2): Promise<Ran> {
  const files = Array.from({ length: count }, (_, file) => makeFiles()[file % 2]!)
  const scratch = path.join(path.dirname(files[0]!), 'scratch')
  mkdirSync(scratch)
  const input = { file: files[0], files, size: FILE_BYTES, scratch, seconds: 0.5, quick: true }
  const orders = { comparison, name: 'fio io_uring', input, collects: false }
  const { latency } = await reportOf<Ran>(CHILD, { args: [JSON.stringify(orders)] })
  return { latency, left: readdirSync(scratch) }
}

/** Operations by row: eight buckets of our histograms. */
function rowsOf({ buckets, overTime }: RawLatency): [told: number[], logged: number[]] {
  const told: number[] = Array(108).fill(0)
  const logged: number[] = Array(108).fill(0)
  for (const [bucket, count] of buckets) told[bucket >> 3]! += count
  for (const [, row, count] of overTime) logged[row]! += count
  return [told, logged]
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

describe('fio', { skip: missingProgram('fio') }, () => {
  for (const comparison of [
    'random-reads-warm-8',
    'random-reads-warm-8-x4',
    'random-writes-buffered-32',
    'random-writes-durable-32',
  ]) {
    test(`over time as in all: ${comparison}`, async () => {
      const { latency, left } = await run(comparison)
      const [told, logged] = rowsOf(latency)
      const all = sum(told)
      assert.ok(all > 100, `${all} operations`)
      // The last milliseconds of each job are in no log; a bin of fio's may lie across an edge of ours.
      const elsewhere = sum(told.map((count, row) => Math.abs(count - logged[row]!)))
      assert.ok(elsewhere <= 0.1 * all, `${elsewhere} of ${all} are elsewhere`)
      const slots = [...new Set(latency.overTime.map(([slot]) => slot))].sort((a, b) => a - b)
      assert.ok(slots[0]! >= 0 && slots.at(-1)! < SLOTS)
      // From the beginning to the end; on a busy machine its jobs may have had no processor in between.
      const [spanned, seen] = [slots.at(-1)! - slots[0]! + 1, slots.length]
      assert.ok(spanned >= 0.9 * SLOTS && seen >= SLOTS / 2, `${seen} of ${spanned} of ${SLOTS}`)
      assert.deepEqual(left, [])
    })
  }

  test('more files than its command line can name', async () => {
    const { latency } = await run('random-reads-warm-8', 65)
    assert.ok(sum(latency.buckets.map(([, count]) => count)) > 100)
  })
})
