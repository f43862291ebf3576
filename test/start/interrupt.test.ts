// An interrupted main job removes its temporary directory, says what was done, and exits as a
// program ended by that signal does.
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryDirectory } from '../support/temporary.ts'
import { type JsonResult, type MainJobResult, runMainJob, SMALL } from './main-job.ts'

/** Runs the job and sends it signals, each so long after the one before. */
function interrupted(
  args: readonly string[],
  signals: ReadonlyArray<readonly [number, NodeJS.Signals]>,
): Promise<MainJobResult> {
  let sent = false
  return runMainJob(args, {
    onOutput: async (_text, child) => {
      // The first output comes when all is prepared, right before the file is filled.
      if (sent) return
      sent = true
      for (const [millis, signal] of signals) {
        await delay(millis)
        child.kill(signal)
      }
    },
  })
}

describe('an interrupted main job', () => {
  for (const [signal, exit] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    test(`by ${signal} exits with ${exit} and prints what was done`, async () => {
      const { code, stdout, stderr, left, millis } = await interrupted(
        [...SMALL, '--seconds', '30'],
        [[2500, signal]],
      )
      assert.equal(code, exit, stderr)
      assert.equal(stderr, `uring-actor: interrupted by ${signal}\n`)
      assert.match(stdout, /^│ read +│ +[\d,]+ │/m)
      assert.match(
        stdout,
        /every byte is as it was written; the last check of all blocks was left out/,
      )
      assert.deepEqual(left, [])
      assert.ok(millis < 15_000)
    })
  }

  test('while the file is being filled has no table to print', async () => {
    const { code, stdout, left } = await interrupted(
      ['--size', '512MiB', '--seconds', '30'],
      [[0, 'SIGINT']],
    )
    assert.equal(code, 130)
    assert.doesNotMatch(stdout, /│/)
    assert.deepEqual(left, [])
  })

  test('by two signals at once, as Ctrl-C does under npm, still prints what was done', async () => {
    const { code, stdout, left } = await interrupted(
      [...SMALL, '--seconds', '30'],
      [
        [2500, 'SIGINT'],
        [5, 'SIGINT'],
      ],
    )
    assert.equal(code, 130)
    assert.match(stdout, /^│ read +│ +[\d,]+ │/m)
    assert.deepEqual(left, [])
  })

  test('says so in its JSON', async () => {
    const TMPDIR = temporaryDirectory()
    const file = path.join(TMPDIR, 'blocks')
    const args = [...SMALL, '--seconds', '30', '--json', '--file', file]
    const { code, stdout } = await runMainJob(args, {
      // It prints nothing before its end, so the signal comes by the clock.
      under: ['timeout', '--signal=INT', '--preserve-status', '4'],
    })
    assert.equal(code, 130)
    const result = JSON.parse(stdout) as JsonResult
    assert.equal(result.interrupted, 'SIGINT')
    assert.equal(result.verified.lastCheck, false)
    assert.ok(result.seconds < 10)
    assert.equal(statSync(file).size, 8 * 2 ** 20, 'a file that was named stays')
    assert.deepEqual(readdirSync(TMPDIR), ['blocks'])
  })
})
