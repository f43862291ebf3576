// A run that is ended before its end: says so, and leaves what it has measured by then.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { readResults } from '@uring-actor/bench/results/folder.js'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import { runBench } from './benchmarks.ts'

const REPORT_MAIN = new URL('../../../bench/dist/report-main.js', import.meta.url)

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal}: what was measured before is kept, and can be drawn`, async () => {
    const out = path.join(temporaryDirectory(), 'results')
    const args = ['--quick', '--only', 'start,idle', '--rounds', '1', '--size', '4MiB']
    const { code, stderr, left } = await runBench([...args, '--out', out], {
      onOutput(text, child) {
        if (text.includes('[start]')) setTimeout(() => child.kill(signal), 300)
      },
    })
    assert.equal(code, exitCode)
    assert.equal(
      stderr,
      `bench: ended by ${signal}: 1 of 2 comparisons are in ${out}; ` +
        `'npm run bench:report -- ${out}' draws them\n`,
    )
    assert.deepEqual(left, [])
    assert.deepEqual(
      readResults(out).comparisons.map(({ name }) => name),
      ['start'],
    )
    assert.ok(!existsSync(path.join(out, 'report.html')))
    const drawn = await runScript(REPORT_MAIN, { args: [out] })
    assert.equal(drawn.code, 0, drawn.stderr)
    assert.ok(existsSync(path.join(out, 'report.html')))
  })
}

for (const [comparison, made] of [
  ['copy', 'copy'],
  ['random-writes-buffered-32', 'fio'],
] as const) {
  const skip = made === 'fio' && missingProgram('fio')
  test(`what ${comparison} has made beside the file is removed`, { skip }, async () => {
    const folder = temporaryDirectory()
    const file = path.join(folder, 'blocks')
    const sizes = ['--size', '64MiB', '--files', '1', '--file', file]
    const { code, stderr } = await runBench(['--only', comparison, '--seconds', '0.2', ...sizes], {
      onStart: (child) => endWhen(child, () => isMade(folder, made)),
    })
    assert.equal(code, 130, stderr)
    assert.deepEqual(readdirSync(folder), ['blocks'])
  })
}

test('nothing is left of a run that is ended as soon as its folder is there', async () => {
  const folder = temporaryDirectory()
  const { code, stderr } = await runBench(['--quick'], {
    env: { TMPDIR: folder },
    onStart: (child) => endWhen(child, () => readdirSync(folder).length > 0),
  })
  assert.equal(code, 130)
  assert.equal(stderr, 'bench: ended by SIGINT: nothing was measured\n')
  assert.deepEqual(readdirSync(folder), [])
})

/** Whether a file of this name is in a run's scratch folder. */
function isMade(folder: string, name: string): boolean {
  const scratch = readdirSync(folder).find((entry) => entry.startsWith('blocks.scratch-'))
  return scratch !== undefined && existsSync(path.join(folder, scratch, name))
}

/** Ends a run as soon as something is so. */
function endWhen(child: ChildProcess, isSo: () => boolean): void {
  const timer = setInterval(() => {
    if (!isSo()) return
    clearInterval(timer)
    child.kill('SIGINT')
  }, 1)
  child.once('exit', () => clearInterval(timer))
}
