// Low limits, as an ordinary user has them: the actor goes from more to less, says so, and only
// where no ring can be had it runs on the thread pool.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { capabilities } from '@uring-actor/actor'
import { reportOf } from '../support/child.ts'
import { asOrdinaryUser, missingOrdinaryUser, openDirectory } from '../support/ordinary-user.ts'
import { missingProgram, missingStrace } from '../support/tools.ts'
import { assertFellBack, assertRuns, runChild } from './expectations.ts'
import type { FewDescriptorsReport } from './few-descriptors-child.ts'
import { askKernel, missingTool } from './tool.ts'

const ENOMEM = 12
const DEFAULT_DEPTH = 1024

/** A command that runs another one as an ordinary user who may lock so many bytes of memory. */
function lockingAtMost(bytes: number): string[] {
  return ['prlimit', `--memlock=${bytes}:${bytes}`, ...asOrdinaryUser()]
}

const here = await capabilities()
const unusable = here.ioUring.usable ? false : here.ioUring.reason
const skip = unusable || missingTool() || missingOrdinaryUser() || missingProgram('prlimit')

describe('RLIMIT_MEMLOCK of an ordinary user', { skip }, () => {
  test('none at all: no ring, so the thread pool', async () => {
    const under = lockingAtMost(0)
    assert.equal(askKernel(under).setup, ENOMEM, 'the kernel itself must refuse')
    const report = await runChild({ under })
    assertFellBack(report, {
      cause: 'memlock',
      reason: /io_uring_setup failed with ENOMEM: the limit of locked memory is too low/,
      remedy: /raise the limit of locked memory: ulimit -l/,
    })
    assert.equal(report.capabilities.limits.lockedMemory, 0)
  })

  test('enough for a small ring: fewer operations in flight, and it says so', async () => {
    const bytes = 16_384
    const under = lockingAtMost(bytes)
    const { setup, register } = askKernel(under, bytes)
    assert.deepEqual([setup, register], [0, ENOMEM], 'a ring, and no room for a buffer')
    const report = await runChild({ under })
    assert.equal(report.capabilities.limits.lockedMemory, bytes)
    assert.equal(report.stats.restricted, false)
    assert.ok(report.queueDepth < DEFAULT_DEPTH, `${report.queueDepth} operations in flight`)
    assertRuns(report, /RLIMIT_MEMLOCK .* allowed only \d+ operations in flight/)
  })

  test('enough for the ring and not for the memory: it is used unregistered', async () => {
    const bytes = 256 * 1024
    const under = lockingAtMost(bytes)
    assert.deepEqual(askKernel(under, 16 * 2 ** 20), { setup: 0, register: ENOMEM })
    const report = await runChild({ under })
    assert.equal(report.queueDepth, DEFAULT_DEPTH)
    assert.equal(report.stats.restricted, false)
    assert.equal(report.capabilities.ioUring.features?.onlyRegisteredMemory, false)
    assert.equal(report.capabilities.ioUring.features.registeredBuffers, false)
    assertRuns(
      report,
      /RLIMIT_MEMLOCK \(262144 bytes\) is too low to register any memory of clients/,
    )
  })
})

const EMFILE = 24

describe('RLIMIT_NOFILE', () => {
  test('no descriptor for a ring: the thread pool', {
    skip: missingStrace() || missingTool(),
  }, async () => {
    // That just this call finds none left cannot be arranged otherwise: to start the thread takes more.
    const inject = ['-e', 'trace=io_uring_setup', '-e', 'inject=io_uring_setup:error=EMFILE']
    const under = ['strace', '-f', '-o', '/dev/null', ...inject]
    assert.equal(askKernel(under).setup, EMFILE, 'the fault must be in force')
    assertFellBack(await runChild({ under }), {
      cause: 'files',
      reason: /io_uring_setup failed with EMFILE: no file descriptor is left/,
      remedy: /raise the limit of open files: ulimit -n/,
    })
  })

  test('a low limit: fewer files can be open, and all works', { skip }, async () => {
    const limit = 64
    const report = await runChild({ under: ['prlimit', `--nofile=${limit}:${limit}`] })
    assert.equal(report.capabilities.limits.openFiles, limit)
    assertRuns(report)
  })

  test('nearly used up: what is left is enough for the thread pool', { skip }, async () => {
    const child = new URL('./few-descriptors-child.js', import.meta.url)
    const { limit, outcomes, warnings } = await reportOf<FewDescriptorsReport>(child, {
      under: ['prlimit', '--nofile=80:80'],
      args: [openDirectory()],
      timeoutMillis: 120_000,
    })
    assert.equal(limit, 80)
    const said = JSON.stringify(outcomes, null, 1)
    for (const { free, engine, cause, code, message, trimmed } of outcomes) {
      if (engine === null) {
        // How many node needs to start a thread at all is not ours to say.
        assert.ok(free < 8, said)
        assert.match(code, /^ERR_URING_(ACTOR_START|ENGINE)$/, message)
        assert.match(message, /EMFILE|errno 24|too many open files|Cannot find (package|module)/)
        continue
      }
      assert.equal(cause, engine === 'io_uring' ? 'available' : 'files')
      assert.deepEqual(trimmed, ['hole', 'hole'])
    }
    const fallen = outcomes.find(({ engine }) => engine === 'threadpool')
    assert.ok(fallen !== undefined, said)
    assert.equal(fallen.demanded?.code, 'ERR_URING_ENGINE')
    assert.match(fallen.demanded.message, /EMFILE.*raise the limit of open files: ulimit -n/)
    assert.deepEqual(warnings, ['URING_ACTOR_FALLBACK'])
  })
})
