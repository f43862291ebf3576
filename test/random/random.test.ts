// Random operations of every kind from five threads: each settles exactly once, and a checker that
// shares no code with us finds every result in keeping with one order of all of them. The same with
// millions: npm run test:random. Repeat a run with URING_ACTOR_RANDOM_SEED.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript } from '../support/child.ts'

const operations = process.env.URING_ACTOR_RANDOM_OPERATIONS ?? '60000'
const seed = process.env.URING_ACTOR_RANDOM_SEED ?? String(Math.floor(Math.random() * 2 ** 31))

for (const engine of ['io_uring', 'threadpool']) {
  test(`random operations are settled once and rightly: ${engine}`, async (t) => {
    const args = ['--operations', operations, '--seed', seed, '--engine', engine]
    const script = new URL('./main.js', import.meta.url)
    const { code, stdout, stderr } = await runScript(script, { args, timeoutMillis: 280_000 })
    for (const line of stdout.trim().split('\n')) t.diagnostic(line)
    assert.equal(code, 0, `${stdout}\n${stderr}`)
  })
}
