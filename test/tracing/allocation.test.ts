// What the light level of tracing allocates for an operation: nothing, beside what the operation itself does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import { temporaryFile } from '../support/temporary.ts'

const child = new URL('./allocation-child.js', import.meta.url)
const path = temporaryFile(1 << 17)
const PROCESSES = 5

/**
 * Bytes that a read allocates, in the process that has the least: what the compiler puts together is a
 * matter of luck, and what is allocated for each read is so in every process.
 */
async function bytesPerRead(level: string): Promise<number> {
  const found: number[] = []
  for (let run = 0; run < PROCESSES; run++) {
    const { perRead } = await reportOf<{ perRead: number }>(child, {
      args: [level, path],
      nodeArgs: ['--max-semi-space-size=1'],
    })
    found.push(perRead)
  }
  return Math.min(...found)
}

test("'histogram' allocates nothing for an operation", async (t) => {
  const off = await bytesPerRead('off')
  const histogram = await bytesPerRead('histogram')
  // A promise and its result are more than that: what is measured is the reads.
  assert.ok(off > 100, `${off} bytes a read`)
  t.diagnostic(`${off.toFixed(0)} bytes a read at off, ${histogram.toFixed(0)} at histogram`)
  // The least that V8 allocates for anything is 16 bytes: less is not one thing for each operation, but
  // what the machine does otherwise: one collection more is 3 bytes.
  assert.ok(histogram - off < 16, `${(histogram - off).toFixed(1)} bytes more a read`)
})
