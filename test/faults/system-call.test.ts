// io_uring_enter that fails as the kernel may let it fail: no submission and no completion is lost, and
// every operation has its right result.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { missingStrace } from '../support/tools.ts'

const CHILD = new URL('./enter-child.js', import.meta.url)
const ROUNDS = 20
const FAILS_FROM = 1500
const SETTLED = ROUNDS * 65
/** An open, 64 writes, those of the rounds with the 21 members of each chain, and a close. */
const COMPLETED = 1 + 64 + ROUNDS * (64 + 21) + 1
const seed = process.env.URING_ACTOR_FAULT_SEED ?? String(Math.floor(Math.random() * 2 ** 31))

describe('a failing io_uring_enter', () => {
  // Now and then; every other time; and many times in a row.
  const cases = ['EBUSY', 'EINTR', 'EAGAIN', 'ENOMEM'].flatMap((error) =>
    ['when=5+7', 'when=4+2', 'when=20..60'].map((when) => `error=${error}:${when}`),
  )
  for (const injected of cases) {
    test(`${injected} loses nothing`, { skip: missingStrace() }, async (t) => {
      t.diagnostic(`URING_ACTOR_FAULT_SEED=${seed}`)
      const trace = path.join(temporaryDirectory(), 'trace')
      const inject = `inject=io_uring_enter:${injected}`
      const under = ['strace', '-f', '-qq', '-o', trace, '-e', 'trace=io_uring_enter', '-e', inject]
      const env = { URING_ACTOR_ENGINE: '' }
      const result = await runScript(CHILD, { args: [seed], under, env, timeoutMillis: 60_000 })
      if (result.stderr.includes('ERR_URING_ENGINE')) {
        t.skip('io_uring cannot be had here')
        return
      }
      assert.equal(result.code, 0, result.stderr)
      assert.equal(result.stderr, '')
      const counts = { settled: SETTLED, wrong: 0, completed: COMPLETED, inFlight: 0 }
      assert.deepEqual(JSON.parse(result.stdout), counts)
      const failures = readFileSync(trace, 'utf8').split('(INJECTED)').length - 1
      assert.ok(failures > 5, `${failures} calls were made to fail`)
    })
  }

  test('loses no cancellation when a client dies meanwhile', {
    skip: missingStrace(),
  }, async (t) => {
    const inject = `inject=io_uring_enter:error=EBUSY:when=${FAILS_FROM}..${FAILS_FROM + 3000}`
    const under = [
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=io_uring_enter',
      '-e',
      inject,
    ]
    const env = { URING_ACTOR_ENGINE: '' }
    const script = new URL('./enter-cancel-child.js', import.meta.url)
    const args = [String(FAILS_FROM)]
    const result = await runScript(script, { args, under, env, timeoutMillis: 60_000 })
    if (result.stderr.includes('ERR_URING_ENGINE')) {
      t.skip('io_uring cannot be had here')
      return
    }
    assert.equal(result.code, 0, result.stderr)
    assert.deepEqual(JSON.parse(result.stdout), { inFlight: 0, failed: true })
  })
})
