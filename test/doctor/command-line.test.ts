// `uring-actor doctor`: what it prints and how it ends, run as a user runs it.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Capabilities, capabilities } from '@uring-actor/actor'
import { type ChildResult, runScript } from '../support/child.ts'
import { asOrdinaryUser, missingOrdinaryUser } from '../support/ordinary-user.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'

const program = new URL('../bin/uring-actor.js', import.meta.resolve('@uring-actor/actor'))

function run(args: readonly string[], env: Record<string, string> = {}): Promise<ChildResult> {
  return runScript(program, { args, env })
}

const usable = (await capabilities()).ioUring.usable
const expectedCode = usable ? 0 : 1

test('it names the engine, the system and what of the kernel is used', async () => {
  const { code, stdout, stderr } = await run(['doctor'])
  assert.equal(code, expectedCode)
  assert.equal(stderr, '')
  assert.match(stdout, usable ? /^engine +io_uring \(/ : /^engine +threadpool \(.+\nremedy +\S/)
  assert.match(stdout, /^cached reads +by the (calling threads|actor)/m)
  for (const label of ['system', 'io_uring', 'sysctl', 'seccomp', 'locked memory', 'open files']) {
    assert.match(stdout, new RegExp(`^${label} +\\S`, 'm'))
  }
  if (usable) assert.match(stdout, /^opcodes +NOP FSYNC .+\nfeatures +(yes|no) /m)
  for (const line of stdout.split('\n')) assert.equal(line, line.trimEnd())
})

test('with a path it tells of the path', async () => {
  const file = temporaryFile(10)
  const { code, stdout } = await run(['doctor', file])
  assert.equal(code, expectedCode)
  assert.match(stdout, new RegExp(`^path +${file}, file on \\S+$`, 'm'))
  assert.match(stdout, /^direct I\/O +\S/m)
  assert.match(stdout, /^trim +\S/m)
  const relative = await runScript(program, { args: ['doctor', path.relative('.', file)] })
  assert.equal(relative.stdout, stdout)
})

test('--json is what capabilities() returns', async () => {
  const file = temporaryFile(10)
  const { code, stdout } = await run(['doctor', '--json', file])
  assert.equal(code, expectedCode)
  assert.deepEqual(JSON.parse(stdout), await capabilities(file))
})

test('it ends with 1 when the thread pool was asked for, or io_uring cannot be had', async () => {
  for (const [env, reason] of [
    [{ URING_ACTOR_ENGINE: 'threadpool' }, /^engine +threadpool \(the thread pool was asked for\)/],
    [{ URING_ACTOR_MASK_OPCODES: '3' }, /^engine +threadpool \(.*FSYNC.*\)\nremedy +run on Linux/],
  ] as const) {
    const { code, stdout } = await run(['doctor'], env)
    assert.equal(code, 1)
    assert.match(stdout, reason)
  }
})

test('where io_uring is demanded and cannot be had there is no engine', async () => {
  const env = { URING_ACTOR_ENGINE: 'io_uring', URING_ACTOR_MASK_OPCODES: '22' }
  const { code, stdout } = await run(['doctor', '--json'], env)
  assert.equal(code, 1)
  const found = JSON.parse(stdout) as Capabilities
  assert.equal(found.engine, null)
  assert.equal(found.ioUring.cause, usable ? 'old-kernel' : found.ioUring.cause)
})

test('help goes to the output and is no error', async () => {
  for (const [args, usage] of [
    [['--help'], /^Usage: uring-actor <command> .*\n\n {2}doctor .*\n {2}top .*\n/],
    [['-h'], /^Usage: uring-actor <command> /],
    [['doctor', '-h'], /^Usage: uring-actor doctor \[path\] \[--json\]\n/],
  ] as const) {
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 0)
    assert.match(stdout, usage)
    assert.equal(stderr, '')
  }
})

test('where the user may not write, what cannot be tried is not guessed', {
  skip: missingOrdinaryUser(),
}, async () => {
  const { code, stdout } = await runScript(program, {
    args: ['doctor', path.dirname(temporaryFile(10))],
    under: asOrdinaryUser(),
  })
  assert.equal(code, expectedCode)
  assert.match(stdout, /^not looked at +EACCES$/m)
  assert.doesNotMatch(stdout, /^trim/m)
})

const missing = path.join(temporaryDirectory(), 'is. missing')
const MISTAKES: Array<[what: string, args: string[], says: RegExp]> = [
  ['no command', [], /which command/],
  ['another command', ['nurse'], /'nurse', only: doctor, top/],
  ['an option instead', ['--json', 'doctor'], /'--json'/],
  ['two paths', ['doctor', '/', '/tmp'], /'\/tmp'/],
  ['an unknown option', ['doctor', '--fast'], /'--fast'/],
  ['a path that is not there', ['doctor', missing], /ENOENT.*is\. missing/],
  ['an empty path', ['doctor', ''], /ENOENT/],
]

for (const [what, args, says] of MISTAKES) {
  test(`${what}: one line, and 2`, async () => {
    const { code, stdout, stderr } = await run(args)
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, /^uring-actor: [^\n]+\n$/)
    assert.match(stderr, says)
  })
}

test('an engine that there is not: one line, and 2', async () => {
  const { code, stderr } = await run(['doctor'], { URING_ACTOR_ENGINE: 'steam' })
  assert.equal(code, 2)
  assert.match(stderr, /^uring-actor: .*URING_ACTOR_ENGINE.*'steam'\n$/)
})

test('the workspace links it as a program', () => {
  const linked = fileURLToPath(new URL('../../../node_modules/.bin/uring-actor', import.meta.url))
  const { status, stdout } = spawnSync(linked, ['doctor', '--json'], { encoding: 'utf8' })
  assert.equal(status, expectedCode)
  assert.equal((JSON.parse(stdout) as Capabilities).node, process.versions.node)
})

test('output that cannot be written is one line; that nobody reads it is no failure', () => {
  const inShell = (command: string) => {
    const shell = `node "$0" ${command}; exit "\${PIPESTATUS[0]}"`
    const args = ['-c', shell, fileURLToPath(program)]
    return spawnSync('bash', args, { encoding: 'utf8' })
  }
  for (const [command, code] of [
    ['doctor > /dev/full', 3],
    ['doctor --help > /dev/full', 3],
    ['top --help > /dev/full', 1],
    ['--help > /dev/full', 1],
  ] as const) {
    const { status, stderr } = inShell(command)
    assert.equal(status, code, `${command}: ${stderr}`)
    assert.match(stderr, /^uring-actor: the output cannot be written: ENOSPC[^\n]*\n$/)
  }
  const unread = inShell('doctor | true')
  assert.equal(unread.stderr, '')
  assert.equal(unread.status, expectedCode)
})
