// What the light level of tracing allocates for an operation: nothing, beside what the operation itself does.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import { temporaryFile } from '../support/temporary.ts'

const child = new URL('./allocation-child.js', import.meta.url)
const path = temporaryFile(1 << 17)

/** Bytes of the heap for each read: the least of several looks, without those amid a collection. */
async function bytesPerRead(level: string): Promise<number> {
  const { perRead } = await reportOf<{ perRead: number[] }>(child, {
    args: [level, path],
    // Room for all that the reads leave behind, so that nothing is collected amid them.
    nodeArgs: ['--expose-gc', '--max-semi-space-size=64'],
  })
  const grown = perRead.filter((bytes) => bytes > 0)
  assert.ok(grown.length > 2, `${level}: ${perRead}`)
  return Math.min(...grown)
}

test("'histogram' allocates nothing for an operation", async (t) => {
  const off = await bytesPerRead('off')
  const histogram = await bytesPerRead('histogram')
  t.diagnostic(`${off.toFixed(0)} bytes a read at off, ${histogram.toFixed(0)} at histogram`)
  // The least that V8 allocates for anything is 16 bytes: less is not one thing for each operation.
  assert.ok(histogram - off < 12, `${(histogram - off).toFixed(1)} bytes more a read`)
})
