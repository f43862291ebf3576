// However a thread ends, its ring is drained and closed, its claim released, its exit word stored.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { binding, whyNoRing } from './support/ring.ts'
import { exitWords, openFiles, startThread } from './support/threads.ts'

const modern = { skip: whyNoRing() }
// Made at the first call and never closed: not one of the descriptors that are counted.
binding.doorbell()

describe('a thread with a waker and a ring that is busy', modern, () => {
  for (const [end, code] of [
    ['return', 0],
    ['exit', 3],
    ['throw', 1],
    ['terminate', 1],
  ] as const) {
    test(`puts everything away when it ends by ${end}`, async () => {
      const before = openFiles()
      const words = exitWords()
      const { worker, report, ended } = await startThread({ end, words, endless: 10 })
      assert.equal(report.claimed, true)
      if (end === 'terminate') {
        assert.equal(binding.claim(), false)
        assert.equal(Atomics.load(words, 0), 0)
        await worker.terminate()
      }
      const result = await ended
      assert.equal(result.code, code)
      assert.equal(result.error?.message, end === 'throw' ? 'the end of this thread' : undefined)
      assert.equal(Atomics.load(words, 0), 7)
      assert.equal(Atomics.load(words, 1), 0)
      assert.equal(binding.claim(), true)
      binding.releaseClaim()
      assert.equal(openFiles(), before)
    })
  }

  test('does so two hundred times without losing a descriptor', async () => {
    const before = openFiles()
    for (let count = 0; count < 200; count++) {
      const words = exitWords()
      const { worker, report } = await startThread({ end: 'terminate', words, endless: 3 })
      assert.equal(report.claimed, true)
      await worker.terminate()
      assert.equal(Atomics.load(words, 0), 7)
    }
    assert.equal(openFiles(), before)
  })

  test('ends at once when many are terminated together', async () => {
    const before = openFiles()
    const words = exitWords()
    const threads = await Promise.all(
      Array.from({ length: 6 }, () => startThread({ end: 'terminate', words, endless: 5 })),
    )
    assert.equal(threads.filter(({ report }) => report.claimed).length, 1)
    assert.equal(new Set(threads.map(({ report }) => report.doorbell)).size, 1)
    assert.equal(threads[0]!.report.doorbell, binding.doorbell())
    const begun = performance.now()
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
    assert.ok(performance.now() - begun < 2000)
    assert.equal(openFiles(), before)
    assert.equal(binding.claim(), true)
    binding.releaseClaim()
  })
})

describe('the claim', () => {
  test('is kept by who has it and can be given up', () => {
    assert.equal(binding.claim(), true)
    assert.equal(binding.claim(), true)
    binding.releaseClaim()
    binding.releaseClaim()
    assert.equal(binding.claim(), true)
    binding.releaseClaim()
  })

  test('cannot be released by a thread that does not have it', modern, async () => {
    const words = exitWords()
    const { worker } = await startThread({ end: 'terminate', words, endless: 0 })
    binding.releaseClaim()
    assert.equal(binding.claim(), false)
    await worker.terminate()
    assert.equal(binding.claim(), true)
    binding.releaseClaim()
  })
})

/** Runs statements in a process of their own, with `binding` and a busy `ring` in scope. */
async function inProcess(
  statements: string,
  ...flags: string[]
): Promise<[number, string, string]> {
  const support = new URL('./support/ring.js', import.meta.url)
  const program = `
    const { binding, TestRing, arena } = await import(${JSON.stringify(support.href)})
    const ring = new TestRing(), memory = arena(4096)
    ring.postEndless(memory)
    ring.submit(1, 0)
    ${statements}`
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [code] = (await once(child, 'close')) as [number]
  return [code, out, err]
}

describe('a main thread with a busy ring', modern, () => {
  const ends: [string, string, number][] = [
    ['return', '', 0],
    ['process.exit()', 'process.exit(4)', 4],
    ['a throw', 'throw new Error("end")', 1],
    ['return, with a waker', 'binding.createWaker(() => {})', 0],
    ['process.exit() with a waker', 'binding.createWaker(() => {}).ref(); process.exit(4)', 4],
    ['return, with a closed waker', 'binding.createWaker(() => {}).close()', 0],
    ['return, with a call on a file', 'binding.fileCall(0, 99999, 0, 0n, 1n, () => {})', 0],
    [
      'exit, with a call on a file',
      'binding.fileCall(0, 9, 0, 0n, 1n, () => {});process.exit(4)',
      4,
    ],
  ]
  for (const [end, statements, expected] of ends) {
    test(`ends by ${end}`, async () => {
      const begun = performance.now()
      const [code, , err] = await inProcess(statements)
      assert.equal(code, expected, err)
      assert.ok(performance.now() - begun < 5000)
    })
  }
})
