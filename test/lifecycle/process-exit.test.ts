// When the process ends: by itself once its work is done, never before, and at once when it is told
// to, whatever is in flight. None of these programs closes client or actor.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChildOptions, type ChildResult, runScript } from '../support/child.ts'
import { expectedEngine } from '../support/engine.ts'
import { SlowPipe } from '../support/pipe.ts'
import { temporaryFile } from '../support/temporary.ts'

const child = new URL('./exit-child.js', import.meta.url)

function runProgram(name: string, path: string, options?: ChildOptions): Promise<ChildResult> {
  return runScript(child, { timeoutMillis: 15_000, ...options, args: [name, path] })
}

function assertEnded(result: ChildResult, code: number): void {
  assert.equal(result.code, code, `${result.signal} ${result.stderr}`)
  assert.ok(result.millisAfterOutput < 1000, `ended ${result.millisAfterOutput} ms after its work`)
}

const done: Array<[program: string, output: string]> = [
  ['spawn only', `${expectedEngine()}\n`],
  ['work done', '4096\n'],
  ['blocking work done', '4096\n'],
  ['actor stats in flight', `${expectedEngine()}\n`],
  ['actor close in flight', 'closed\n'],
  ['actor stats and close in flight', `${expectedEngine()}\nclosed\n`],
  ['top-level await', '200\n'],
]

for (const [program, output] of done) {
  test(`it ends by itself: ${program}`, async () => {
    const result = await runProgram(program, temporaryFile(4096))
    assert.equal(result.stdout, output)
    assertEnded(result, 0)
    assert.equal(result.stderr, '')
  })
}

test('it does not end before the results of all kinds of operations are there', async () => {
  const result = await runProgram('everything in flight', temporaryFile(8192))
  const names = 'read write writeDurable datasync stat trim readMany open nop flush chain close'
  const expected = [...names.split(' '), 'client stats', 'actor stats']
  assert.deepEqual(result.stdout.trim().split('\n').sort(), expected.sort())
  assertEnded(result, 0)
})

/** Feeds the pipe some time after the child has said so. */
function feeding(pipe: SlowPipe): ChildOptions {
  const onOutput = (text: string): void => {
    if (text.includes('reading')) setTimeout(() => pipe.feed(64), 400)
  }
  return { onOutput }
}

for (const program of ['read in flight', 'read posted after a blocking call']) {
  test(`it stays for a read that takes its time: ${program}`, async () => {
    const pipe = new SlowPipe()
    const result = await runProgram(program, pipe.path, feeding(pipe))
    assert.equal(result.stdout, 'reading\nread 64\n')
    assertEnded(result, 0)
    pipe.close()
  })
}

test('a thread stays for a read that takes its time, and ends by itself then', async () => {
  const pipe = new SlowPipe()
  const result = await runProgram('thread with a read in flight', pipe.path, feeding(pipe))
  assert.equal(result.stdout, 'reading\nread 64\nthread ended with 0\n')
  assertEnded(result, 0)
  pipe.close()
})

for (const program of ['exit with reads in flight', 'exit at once']) {
  test(`process.exit() is obeyed at once: ${program}`, async () => {
    const pipe = new SlowPipe()
    const result = await runProgram(program, pipe.path)
    assert.equal(result.stdout, 'exiting\n')
    assertEnded(result, 7)
    pipe.close()
  })
}

test('process.exit() is obeyed at once: exit amid writes', async () => {
  const result = await runProgram('exit amid writes', temporaryFile(4096))
  assert.equal(result.stdout, 'exiting\n')
  assertEnded(result, 7)
})

test('an uncaught error ends it at once', async () => {
  const pipe = new SlowPipe()
  const result = await runProgram('throw with reads in flight', pipe.path)
  assert.equal(result.stdout, 'throwing\n')
  assert.match(result.stderr, /on purpose/)
  assertEnded(result, 1)
  pipe.close()
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`${signal} ends it at once`, async () => {
    const pipe = new SlowPipe()
    const onOutput: ChildOptions['onOutput'] = (_, process) => process.kill(signal)
    const result = await runProgram('signal with reads in flight', pipe.path, { onOutput })
    assert.equal(result.signal, signal)
    assert.ok(result.millisAfterOutput < 1000)
    pipe.close()
  })
}
