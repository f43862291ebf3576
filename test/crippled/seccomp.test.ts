// Where a seccomp filter forbids io_uring, as container runtimes do, the actor runs on the thread
// pool and says so: with EPERM (Docker) and with ENOSYS (older Docker, Podman).
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { assertFellBack, runChild } from './expectations.ts'
import { askKernel, forbidding, missingTool } from './tool.ts'

for (const [name, errno] of [
  ['EPERM', 1],
  ['ENOSYS', 38],
] as const) {
  test(`a filter that answers ${name}`, { skip: missingTool() }, async () => {
    const under = forbidding(errno)
    assert.equal(askKernel(under).setup, errno, 'the kernel itself must refuse')
    const [program, ...args] = [...under, 'grep', 'Seccomp:', '/proc/self/status']
    assert.match(execFileSync(program!, args, { encoding: 'utf8' }), /^Seccomp:\s*2$/m)
    const report = await runChild({ under })
    assert.equal(report.capabilities.ioUring.seccomp, true)
    assertFellBack(report, {
      cause: 'seccomp',
      reason: new RegExp(`io_uring_setup failed with ${name}: .*seccomp`),
      remedy: /allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile/,
    })
  })
}
