// An actor that cannot start, because io_uring is asked for and not to be had or node forbids it:
// the call rejects with the reason, and nothing is left behind: no thread, no descriptor, no claim on the process's one actor, no address for connect().
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import { missingProgram, missingStrace, PERMISSION_MODEL } from '../support/tools.ts'
import type { DescriptorReport, FailureReport } from './start-failure-child.ts'

const child = new URL('./start-failure-child.js', import.meta.url)
const env = { URING_ACTOR_ENGINE: 'io_uring' }

function assertNothingLeft(report: FailureReport): void {
  assert.equal(report.connect, 'ERR_URING_NO_ACTOR')
  assert.equal(report.addressLeft, false)
  assert.equal(report.threadsLeft, 0)
  // The doorbell is made once and lives as long as the process.
  assert.ok(report.descriptorsLeft <= 1, `${report.descriptorsLeft} descriptors left`)
  // ERR_URING_ACTOR_EXISTS would mean that the claim of the first was never given back.
  assert.equal(report.second, report.first)
}

const failures: Array<[call: string, fault: string, reason: RegExp]> = [
  ['io_uring_setup', 'error=ENOSYS', /io_uring_setup/],
  ['io_uring_setup', 'error=EPERM', /io_uring_setup/],
  ['io_uring_setup', 'error=ENOMEM', /io_uring_setup/],
  ['io_uring_register', 'error=EINVAL:when=2', /table/],
  ['io_uring_register', 'error=EINVAL:when=8', /enabling/],
]

for (const [call, fault, reason] of failures) {
  test(`${call} fails: ${fault}`, { skip: missingStrace() }, async () => {
    const trace = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}`]
    const report = await reportOf<FailureReport>(child, {
      under: ['strace', '-f', '-o', '/dev/null', ...trace],
      env,
    })
    assert.equal(report.first, 'ERR_URING_ENGINE')
    assert.match(report.message, reason)
    assertNothingLeft(report)
  })
}

test('threads are forbidden by the permission model', async () => {
  const report = await reportOf<FailureReport>(child, {
    nodeArgs: [PERMISSION_MODEL, '--allow-fs-read=*', '--allow-fs-write=*'],
  })
  assert.equal(report.first, 'ERR_ACCESS_DENIED')
  assertNothingLeft(report)
})

test('addons are forbidden by the permission model', async () => {
  const report = await reportOf<FailureReport>(child, {
    nodeArgs: [PERMISSION_MODEL, '--allow-fs-read=*', '--allow-worker'],
    env,
  })
  assert.equal(report.first, 'ERR_URING_ENGINE')
  assert.match(report.message, /--allow-addons/)
  assertNothingLeft(report)
})

test('too few descriptors', { skip: missingProgram('prlimit') }, async () => {
  const report = await reportOf<DescriptorReport>(child, {
    under: ['prlimit', '--nofile=80:80'],
    args: ['descriptors'],
    env,
  })
  const last = report.outcomes.pop()
  assert.equal(last?.code, null, 'with enough of them it starts, whatever failed before')
  assert.ok(report.outcomes.length > 0)
  for (const { code, message } of report.outcomes) {
    assert.match(code ?? '', /^ERR_URING_(ACTOR_START|ENGINE)$/, message)
    // node's loader of modules takes a file that it cannot open for one that is not there.
    assert.match(message, /EMFILE|errno 24|too many open files|Cannot find (package|module)/)
  }
  assert.equal(report.threadsLeft, 0)
  assert.ok(report.descriptorsLeft <= 1, `${report.descriptorsLeft} descriptors left`)
})
