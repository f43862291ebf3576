// kernel.io_uring_disabled: at 1 an ordinary user, at 2 everybody runs on the thread pool. It is the
// whole machine's: no other test may run meanwhile, and at 2 it is set for a moment only.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runScript } from '../support/child.ts'
import { asOrdinaryUser, missingOrdinaryUser, openDirectory } from '../support/ordinary-user.ts'
import { within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { assertFellBack, runChild } from './expectations.ts'
import { missingSysctl, readSysctl, whileDisabled } from './sysctl.ts'
import { askKernel, missingTool } from './tool.ts'
import type { Refusal, WaitingReport } from './waiting-child.ts'

const EPERM = 1
const skip = missingSysctl() || missingTool()

test('at 1, for an ordinary user', { skip: skip || missingOrdinaryUser() }, async () => {
  const under = asOrdinaryUser()
  assert.equal(askKernel(under).setup, 0, 'nothing else forbids it')
  const report = await whileDisabled(1, () => {
    assert.equal(askKernel(under).setup, EPERM, 'the kernel itself must refuse')
    return runChild({ under })
  })
  assert.equal(askKernel(under).setup, 0, 'it is set back')
  assert.equal(report.capabilities.ioUring.disabled, 1)
  assertFellBack(report, {
    cause: 'sysctl',
    reason: /io_uring_setup failed with EPERM: the sysctl kernel\.io_uring_disabled is 1/,
    remedy: /sysctl kernel\.io_uring_disabled=0, or join the group of kernel\.io_uring_group/,
  })
})

/** A child that waits for its sign, and the lines that it says. */
class Waiting {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(engine: 'auto' | 'io_uring') {
    const script = fileURLToPath(new URL('./waiting-child.js', import.meta.url))
    this.process = spawn(process.execPath, [script, openDirectory(), engine], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
    })
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]()
  }

  sign(): void {
    this.process.stdin!.write('go\n')
  }

  async said<T>(): Promise<T> {
    const { value, done } = await within(30_000, 'the child', this.#lines.next())
    assert.ok(!done, 'the child ended early')
    return JSON.parse(value) as T
  }

  async end(): Promise<void> {
    this.process.stdin!.end()
    if (this.process.exitCode === null) await within(30_000, 'its end', once(this.process, 'exit'))
    assert.equal(this.process.exitCode, 0)
  }
}

test('at 2, for root too', { skip }, async () => {
  const children = [new Waiting('auto'), new Waiting('io_uring')] as const
  const [auto, demanding] = children
  try {
    for (const child of children) assert.equal(await child.said(), 'ready')
    const [spawned, refusal] = await whileDisabled(2, () => {
      assert.equal(askKernel([]).setup, EPERM, 'the kernel itself must refuse')
      for (const child of children) child.sign()
      return Promise.all([auto.said<string>(), demanding.said<Refusal | null>()])
    })
    assert.equal(spawned, 'spawned')
    assert.equal(askKernel([]).setup, 0, 'it is set back')
    auto.sign()
    const report = await auto.said<WaitingReport>()
    for (const child of children) await child.end()
    assert.equal(report.capabilities.ioUring.disabled, 2)
    assertFellBack(
      { ...report, engine: report.stats.engine, secondEngine: 'threadpool', demanded: refusal },
      {
        cause: 'sysctl',
        reason: /io_uring_setup failed with EPERM: the sysctl kernel\.io_uring_disabled is 2/,
        remedy: /sysctl kernel\.io_uring_disabled=0/,
      },
    )
  } finally {
    for (const child of children) child.process.kill('SIGKILL')
  }
})

test('it is set back too when the process is killed that has set it', { skip }, async () => {
  const before = readSysctl()
  const { signal, stdout } = await runScript(new URL('./killed-child.js', import.meta.url))
  assert.equal(signal, 'SIGKILL')
  assert.equal(stdout, '1', 'it was set')
  assert.ok(await eventually(() => readSysctl() === before))
})
