// The benchmarks on a disk that is too small: what does not fit fails with one clear line, the rest is
// measured, nothing is left beside the file, and the exit code says so.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { readResults } from '@uring-actor/bench/results/folder.js'
import { mountTmpfs } from '../support/filesystems.ts'
import { madeOrReason } from '../support/removals.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { runBench } from './benchmarks.ts'

const MEBIBYTE = 2 ** 20
const disk = madeOrReason(() => mountTmpfs(24 * MEBIBYTE))
const tiny = madeOrReason(() => mountTmpfs(16 * 1024))
const skip = [disk, tiny].find((made) => typeof made === 'string') ?? false
const directoryOf = (made: typeof disk): string => (typeof made === 'string' ? '' : made.directory)

/** Measures on a file that takes two thirds of the disk; `start` needs nothing but that file. */
async function runOnDisk(name: string) {
  const file = path.join(directoryOf(disk), 'blocks')
  const out = path.join(temporaryDirectory(), 'results')
  const sizes = ['--rounds', '1', '--size', '16MiB', '--files', '1', '--file', file]
  const result = await runBench(['--quick', '--only', `${name},start`, ...sizes, '--out', out])
  assert.deepEqual(readdirSync(directoryOf(disk)), ['blocks'])
  assert.equal(statSync(file).size, 16 * MEBIBYTE)
  return { ...result, comparisons: readResults(out).comparisons }
}

describe('a full disk', { skip }, () => {
  for (const [name, reason] of [
    ['copy', /ENOSPC: no space left on device|cp: error writing/],
    ['scale-files-4096', /the disk is too full/],
  ] as const) {
    test(`${name}: its cases fail, and what comes after it is measured`, async () => {
      const { code, stdout, stderr, comparisons } = await runOnDisk(name)
      assert.equal(code, 1, stderr)
      assert.match(stdout, new RegExp(`${name}: \\d of \\d cases FAILED`))
      const [failing, start] = comparisons
      for (const { failed } of failing!.cases) {
        assert.match(failed!, reason)
        assert.doesNotMatch(failed!, /^ +at /m)
      }
      assert.deepEqual(
        start!.cases.map(({ failed }) => failed),
        [null, null, null],
      )
    })
  }

  test('while the files are made: one line, and what there is of them can be taken up', async () => {
    const file = path.join(directoryOf(disk), 'blocks')
    const generate = (size: string) =>
      runBench(['generate', '--file', file, '--files', '1', '--size', size])
    assert.equal((await generate('8MiB')).code, 0)
    // Room is only looked for beyond the end of what is there: here it holds nothing yet.
    truncateSync(file, 32 * MEBIBYTE)
    const { code, stderr } = await generate('32MiB')
    assert.equal(code, 1)
    assert.match(stderr, /^bench: cannot make [^\n]*ENOSPC[^\n]*\n$/)
    assert.equal((await generate('16MiB')).code, 0)
    assert.equal(readFileSync(file).length, 16 * MEBIBYTE)
  })

  test('where the results are to be: one line', async () => {
    const out = path.join(directoryOf(tiny), 'results')
    const args = ['--quick', '--only', 'start,tails', '--rounds', '1', '--size', '4MiB']
    const { code, stderr, left } = await runBench([...args, '--out', out])
    assert.equal(code, 1)
    assert.match(stderr, /^bench: [^\n]* cannot be written: ENOSPC[^\n]*\n$/)
    assert.deepEqual(left, [])
  })
})
