// A benchmark that reads what is not there fails: whichever peer has read it, and wherever.
import assert from 'node:assert/strict'
import { openSync, writeSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { BLOCK_BYTES } from '@uring-actor/bench/data/blocks.js'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { runBench } from './benchmarks.ts'

const CHILD = new URL('../../../bench/dist/child.js', import.meta.url)
const SIZE = 4 * 2 ** 20

/** Two files; of the second one every block but the first has one wrong bit. */
async function wrongFiles(): Promise<string[]> {
  const file = path.join(temporaryDirectory(), 'blocks')
  const args = ['generate', '--file', file, '--files', '2', '--size', `${SIZE}`]
  const { code, stderr } = await runBench(args)
  assert.equal(code, 0, stderr)
  const descriptor = openSync(`${file}.1`, 'r+')
  for (let at = BLOCK_BYTES; at < SIZE; at += BLOCK_BYTES) writeSync(descriptor, 'x', at + 3000)
  return [file, `${file}.1`]
}

const CASES = [
  ['random-reads-warm-8', 'uring-actor'],
  ['random-reads-warm-8', 'fs.promises, pool of 4'],
  ['random-reads-warm-8', 'fs.read, pool of 4'],
  ['random-reads-warm-8', 'fs.readSync, one at a time'],
  ['random-reads-warm-8-x2', 'uring-actor'],
  ['random-reads-direct-8', 'uring-actor'],
  ['mixed-32', 'uring-actor'],
  ['mixed-32', 'fs.promises, pool of 4'],
  ['sequential-reads-warm-128k', 'uring-actor'],
] as const

for (const [comparison, name] of CASES) {
  test(`a wrong block fails ${name} in ${comparison}`, async () => {
    const files = await wrongFiles()
    const input = { file: files[0], files, size: SIZE, seconds: 1, quick: true }
    const orders = { comparison, name, input, collects: false }
    const { code, stdout, stderr } = await runScript(CHILD, { args: [JSON.stringify(orders)] })
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^block \d+ of file 1 was read, and its contents are wrong/)
  })
}
