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

/** Two files; of one of them each block from `first` on has one wrong byte, `at` bytes behind its begin. */
async function wrongFiles(wrong: number, first: number, at: number): Promise<string[]> {
  const file = path.join(temporaryDirectory(), 'blocks')
  const args = ['generate', '--file', file, '--files', '2', '--size', `${SIZE}`]
  const { code, stderr } = await runBench(args)
  assert.equal(code, 0, stderr)
  const files = [file, `${file}.1`]
  const descriptor = openSync(files[wrong]!, 'r+')
  for (let block = first * BLOCK_BYTES; block < SIZE; block += BLOCK_BYTES) {
    writeSync(descriptor, 'x', block + at)
  }
  return files
}

interface Ordered {
  comparison: string
  name: string
  files: string[]
  collects?: boolean
}

/** Runs one case, which must fail for a block of a file. */
async function assertFails({ comparison, name, files, collects = false }: Ordered, wrong: number) {
  const input = { file: files[0], files, size: SIZE, seconds: 1, quick: true }
  const orders = { comparison, name, input, collects }
  const { code, stdout, stderr } = await runScript(CHILD, {
    args: [JSON.stringify(orders)],
    nodeArgs: collects ? ['--expose-gc'] : [],
  })
  assert.equal(code, 1)
  assert.equal(stdout, '')
  assert.match(
    stderr,
    new RegExp(`^block \\d+ of file ${wrong} was read, and its contents are wrong`),
  )
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
    const files = await wrongFiles(1, 1, 3000)
    await assertFails({ comparison, name, files }, 1)
  })
}

/** Those that read the first file only; some look at the two ends of a block. */
const OF_FIRST = [
  ['latency', 'uring-actor, idle'],
  ['latency', 'uring-actor, all by the actor, idle'],
  ['latency', 'fs.read callback, idle'],
  ['fairness', 'alone'],
  ['fairness', 'beside a greedy one, all by the actor'],
  ['tails-greedy', 'uring-actor, beside a greedy one'],
  ['interference', 'uring-actor'],
  ['start', 'uring-actor'],
  ['memory', 'connected client that has read once'],
  ['system-calls', 'uring-actor'],
  ['tracing-reads', 'histogram'],
  ['warm-reads-32', 'uring-actor'],
  ['warm-reads-32', 'fs.promises'],
  ['warm-reads-32', 'fs.read callback'],
  ['warm-reads-32', 'fs.readSync, one at a time'],
  ['direct-reads-32', 'uring-actor'],
] as const

for (const [comparison, name] of OF_FIRST) {
  test(`a block with a wrong end fails ${name} in ${comparison}`, async () => {
    const files = await wrongFiles(0, 0, BLOCK_BYTES - 1)
    const collects = comparison === 'memory'
    await assertFails({ comparison, name, files, collects }, 0)
  })
}
