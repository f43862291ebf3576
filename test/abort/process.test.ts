// Signals and time-outs leave nothing behind that keeps a process alive, and what is pending does.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ChildResult, runScript } from '../support/child.ts'
import { SlowPipe } from '../support/pipe.ts'
import { temporaryFile } from '../support/temporary.ts'

/** Far below the time-outs that are set, far above what a busy machine needs to end a process. */
const END_MILLIS_MAX = 20_000

let pipe: SlowPipe
before(() => {
  pipe = new SlowPipe()
})
after(() => pipe.close())

async function run(task: string, path: string): Promise<[unknown, ChildResult]> {
  const script = new URL('./process-child.js', import.meta.url)
  const result = await runScript(script, { args: [task, path], timeoutMillis: 60_000 })
  assert.equal(result.code, 0, result.stderr)
  assert.equal(result.stderr, '')
  assert.ok(result.millisAfterOutput < END_MILLIS_MAX, `${result.millisAfterOutput} ms to its end`)
  return [JSON.parse(result.stdout), result]
}

test('a time-out that has not passed keeps nothing alive', async () => {
  const [report] = await run('in-time', temporaryFile(16))
  assert.deepEqual(report, { listeners: 0 })
})

test('a process waits for its time-outs, and for the outcomes', async () => {
  const [report] = await run('too-late', pipe.path)
  assert.deepEqual(report, { code: 'ERR_URING_TIMEOUT', state: 'cancelled' })
})

test('an outcome that nobody asks for is no unhandled rejection', async () => {
  const [report] = await run('ignored', pipe.path)
  assert.deepEqual(report, { code: 'ABORT_ERR' })
})
