// Which engine is used and why: each way io_uring can be missing has its cause and its remedy.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  chooseEngine,
  type EngineFacts,
  type EngineObstacle,
  explain,
} from '#dist/engine/choice.js'
import { readEngineFacts } from '#dist/engine/engine-facts.js'

const FREE: EngineFacts = {
  platform: 'linux',
  ioUringDisabled: 0,
  seccomp: false,
  privileged: false,
}

function call(errno: number, name = 'io_uring_setup'): EngineObstacle {
  return { kind: 'call', call: name, errno }
}

describe('the engine', () => {
  test('is io_uring when nothing stands in the way', () => {
    for (const asked of ['auto', 'io_uring'] as const) {
      const choice = chooseEngine(asked, null, FREE)
      assert.equal(choice.engine, 'io_uring')
      assert.equal(choice.cause, 'available')
      assert.equal(choice.forced, asked === 'io_uring')
      assert.equal(choice.remedy, '')
    }
  })

  test('is the thread pool when it was asked for, whatever there is', () => {
    for (const obstacle of [null, call(-1)]) {
      const choice = chooseEngine('threadpool', obstacle, FREE)
      assert.equal(choice.engine, 'threadpool')
      assert.equal(choice.cause, 'forced')
      assert.equal(choice.forced, true)
    }
  })

  test('is the thread pool, unasked, when io_uring cannot be had', () => {
    const choice = chooseEngine('auto', call(-38), { ...FREE, seccomp: true })
    assert.equal(choice.engine, 'threadpool')
    assert.equal(choice.forced, false)
    assert.equal(choice.cause, 'seccomp')
    assert.match(choice.reason, /io_uring_setup failed with ENOSYS/)
    assert.match(choice.remedy, /seccomp profile/)
  })
})

const dlopen: EngineObstacle = { kind: 'addon', code: 'ERR_DLOPEN_DISABLED', message: 'disabled' }
const addon: EngineObstacle = {
  kind: 'addon',
  code: 'ERR_URING_ADDON_MISSING',
  message: 'The addon cannot be loaded\nTried:\n  a',
}

const FINDINGS: ReadonlyArray<[string, EngineObstacle, Partial<EngineFacts>, string]> = [
  ['EPERM with the sysctl at 2', call(-1), { ioUringDisabled: 2, privileged: true }, 'sysctl'],
  ['EPERM with the sysctl at 1', call(-1), { ioUringDisabled: 1 }, 'sysctl'],
  [
    'EPERM that the sysctl lets pass',
    call(-1),
    { ioUringDisabled: 1, privileged: true },
    'seccomp',
  ],
  ['EPERM with the sysctl at 0', call(-1), { seccomp: true }, 'seccomp'],
  ['EACCES', call(-13), {}, 'security-module'],
  ['ENOSYS under a filter', call(-38), { seccomp: true, ioUringDisabled: null }, 'seccomp'],
  ['ENOSYS where the sysctl is there', call(-38), {}, 'seccomp'],
  ['ENOSYS of an old kernel', call(-38), { ioUringDisabled: null }, 'old-kernel'],
  ['EINVAL', call(-22, 'making a buffer table'), {}, 'old-kernel'],
  ['an opcode that is not there', call(-95, 'finding IORING_OP_READ'), {}, 'old-kernel'],
  ['ENOMEM', call(-12), {}, 'memlock'],
  ['EMFILE', call(-24, 'eventfd'), {}, 'files'],
  ['ENFILE', call(-23, 'eventfd'), {}, 'files'],
  ['another error', call(-5), {}, 'other'],
  ['a missing addon', addon, {}, 'missing-addon'],
  ['the permission model', dlopen, {}, 'permission-model'],
  ['another platform', addon, { platform: 'darwin' }, 'platform'],
]

describe('the cause of', () => {
  for (const [name, obstacle, facts, expected] of FINDINGS) {
    test(name, () => {
      const { cause, reason, remedy } = explain(obstacle, { ...FREE, ...facts })
      assert.equal(cause, expected)
      for (const text of [reason, remedy]) assert.match(text, /^[^\n]+$/, 'one line')
      if (obstacle.kind === 'call') assert.match(reason, new RegExp(obstacle.call))
    })
  }
})

test('what the system says is read without ever throwing', () => {
  const facts = readEngineFacts()
  assert.equal(facts.platform, process.platform)
  assert.ok(facts.ioUringDisabled === null || [0, 1, 2].includes(facts.ioUringDisabled))
})
