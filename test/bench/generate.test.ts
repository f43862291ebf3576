// The benchmarks' files: made whole, taken up where an interrupted run ended, mended where a block is
// wrong; and a read of what is wrong fails the run.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { BLOCK_BYTES, BlockBuffer } from '@uring-actor/bench/data/blocks.js'
import { temporaryDirectory } from '../support/temporary.ts'
import { runBench } from './benchmarks.ts'

const SIZE = 5 * 2 ** 20 + BLOCK_BYTES

function generateArgs(file: string, files = 2): string[] {
  return ['generate', '--file', file, '--files', `${files}`, '--size', `${SIZE}`]
}

async function generated(): Promise<string[]> {
  const file = path.join(temporaryDirectory(), 'blocks')
  const { code, stderr } = await runBench(generateArgs(file))
  assert.equal(code, 0, stderr)
  return [file, `${file}.1`]
}

function assertWhole(files: readonly string[]): void {
  for (const [id, file] of files.entries()) {
    const bytes = readFileSync(file)
    assert.equal(bytes.length, SIZE)
    new BlockBuffer(bytes).verify(id, 0)
  }
}

test('all blocks of all files are made', async () => {
  assertWhole(await generated())
})

test('what is missing or wrong is made anew, and nothing else is written', async () => {
  const files = await generated()
  const [first, second] = files as [string, string]
  truncateSync(first, 2 * 2 ** 20 + 77)
  const before = statSync(second).mtimeMs
  const again = await runBench(generateArgs(first))
  assert.equal(again.code, 0, again.stderr)
  assertWhole(files)
  assert.equal(statSync(second).mtimeMs, before)
  writeSync(openSync(second, 'r+'), 'x', 3 * 2 ** 20 + 5)
  assert.equal((await runBench(generateArgs(first))).code, 0)
  assertWhole(files)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} ends it at once, and the next run takes it up`, async () => {
    const file = path.join(temporaryDirectory(), 'blocks')
    const args = ['generate', '--file', file, '--files', '1', '--size', '256MiB']
    const { code, stderr } = await runBench(args, {
      onStart: (child) => endWhenBegun(child, file, signal),
    })
    assert.equal(code, signal === 'SIGINT' ? 130 : 143)
    assert.match(stderr, new RegExp(`^bench: ended by ${signal}: the next 'generate' goes on`))
    const { size } = statSync(file)
    assert.ok(size > 0 && size < 256 * 2 ** 20, `${size} bytes`)
    const again = await runBench(args.with(-1, '32MiB'))
    assert.equal(again.code, 0, again.stderr)
    const bytes = readFileSync(file)
    assert.equal(bytes.length, 32 * 2 ** 20)
    new BlockBuffer(bytes).verify(0, 0)
  })
}

/** Ends the program as soon as something of the file is there. */
function endWhenBegun(child: ChildProcess, file: string, signal: NodeJS.Signals): void {
  const timer = setInterval(() => {
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < 2 ** 20) return
    clearInterval(timer)
    child.kill(signal)
  }, 5)
  child.once('exit', () => clearInterval(timer))
}

test('a smaller size cuts the files off', async () => {
  const [first] = (await generated()) as [string]
  const args = ['generate', '--file', first, '--files', '1', '--size', '4MiB']
  assert.equal((await runBench(args)).code, 0)
  assert.equal(statSync(first).size, 4 * 2 ** 20)
})

test('a file of the same format that belongs elsewhere is refused', async () => {
  const [, second] = (await generated()) as [string, string]
  const { code, stderr } = await runBench(generateArgs(second, 1))
  assert.equal(code, 2)
  assert.match(stderr, /holds data that the benchmarks did not write/)
})
