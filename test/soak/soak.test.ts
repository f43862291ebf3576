// The soak test, for ten seconds: nothing fails, nothing is left. npm run test:soak goes on for longer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runScript } from '../support/child.ts'

test('a mixed load for ten seconds leaves nothing behind', async (t) => {
  const args = ['--minutes', String(10 / 60)]
  const script = new URL('./main.js', import.meta.url)
  const { code, stdout, stderr } = await runScript(script, {
    args,
    nodeArgs: ['--expose-gc'],
    timeoutMillis: 120_000,
  })
  for (const line of stdout.trim().split('\n')) t.diagnostic(line)
  assert.equal(code, 0, `${stdout}\n${stderr}`)
})
