// A kernel without an opcode, made by masking it out of what the kernel answers to the probe: without
// one that is needed the actor runs on the thread pool, without another it goes another way.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { capabilities } from '@uring-actor/actor'
import { reportOf } from '../support/child.ts'
import { type BlockDevice, deviceOrReason, makeLoop } from '../support/devices.ts'
import type { DiscardReport } from './discard-child.ts'
import { assertFellBack, assertRuns, runChild } from './expectations.ts'

const NEEDED: Record<string, number> = { FSYNC: 3, READ_FIXED: 4, FALLOCATE: 17, READ: 22 }
const FTRUNCATE = 55
const URING_CMD = 46

const here = await capabilities()
const skip = here.ioUring.usable ? false : here.ioUring.reason

function masking(...opcodes: number[]): Record<string, string> {
  return { URING_ACTOR_MASK_OPCODES: opcodes.join(',') }
}

describe('an old kernel', { skip }, () => {
  for (const [name, opcode] of Object.entries(NEEDED)) {
    test(`without ${name}, which is needed`, async () => {
      const report = await runChild({ env: masking(opcode) })
      assert.equal(report.capabilities.ioUring.opcodes, null)
      assertFellBack(report, {
        cause: 'old-kernel',
        reason: new RegExp(`finding IORING_OP_${name} failed with ENOTSUP: the kernel is older`),
        remedy: /run on Linux 5\.19 or newer/,
      })
    })
  }

  test('without what is only better to have', async () => {
    const report = await runChild({ env: masking(FTRUNCATE, URING_CMD) })
    const { opcodes, features } = report.capabilities.ioUring
    assert.equal(opcodes?.FTRUNCATE, false, 'the mask must be in force')
    assert.equal(opcodes.URING_CMD, false)
    assert.equal(features?.truncate, false)
    assert.equal(features.deviceCommands, false)
    assertRuns(report)
  })
})

const SIZE = 2 ** 20
const device = deviceOrReason(() => makeLoop(SIZE))

describe('a block device', { skip: skip || (typeof device === 'string' ? device : false) }, () => {
  const child = new URL('./discard-child.js', import.meta.url)
  const { path, usedBytes } = device as BlockDevice

  function run(env: Record<string, string>): Promise<DiscardReport> {
    return reportOf<DiscardReport>(child, { env, args: [path, String(SIZE)] })
  }

  for (const [name, env, method] of [
    ['without the command of the ring: by the ioctl', masking(URING_CMD), 'discard-ioctl'],
    ['on the thread pool: by the ioctl', { URING_ACTOR_ENGINE: 'threadpool' }, 'discard-ioctl'],
    ['with it: by the ring', {}, 'discard'],
  ] as const) {
    test(name, async () => {
      const report = await run(env)
      assert.equal(report.foretold, method)
      assert.deepEqual(report.methods, [method, method, method])
      assert.equal(report.wrongByte, -1)
      assert.ok(usedBytes() <= SIZE / 2, `${usedBytes()} bytes are still in use`)
    })
  }
})
