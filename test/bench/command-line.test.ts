// The benchmarks' command line: bad options are one line and exit code 2, no file of others is
// touched, and nothing is left behind, also when they are interrupted.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { runBench } from './benchmarks.ts'

const BAD: ReadonlyArray<readonly string[]> = [
  ['--nonsense'],
  ['nonsense'],
  ['--only', 'nonsense'],
  ['--only', ''],
  ['--rounds', '0'],
  ['--rounds', '1.5'],
  ['--seconds', '0'],
  ['--seconds', 'NaN'],
  ['--seconds', '-1'],
  ['--size', '1'],
  ['--size', '4097KB'],
  ['--size', '1PiB'],
  ['--file', '/'],
  ['--file', '/nonexistent/file'],
  ['--file', '/etc/passwd/file'],
  ['--file', `/tmp/${'n'.repeat(300)}`],
  ['generate', '--file', '/etc/passwd/file'],
  ['--file'],
  ['--files', '0'],
  ['--files', '4097'],
  ['generate'],
  ['generate', 'more'],
  ['make'],
]

for (const args of BAD) {
  test(`bad options: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr, left } = await runBench(args)
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /^bench: [^\n]+\n$/)
    assert.deepEqual(left, [])
  })
}

test('--help lists the options and comparisons', async () => {
  const { code, stdout } = await runBench(['--help'])
  assert.equal(code, 0)
  for (const text of ['--quick', '--only', '--rounds', 'random-reads-cold-{1,8,', 'micro']) {
    assert.ok(stdout.includes(text), text)
  }
})

test('a file that is not ours is refused and left as it was', async () => {
  const file = path.join(temporaryDirectory(), 'precious')
  writeFileSync(file, 'precious')
  const { code, stderr } = await runBench(['--quick', '--file', file])
  assert.equal(code, 2)
  assert.match(stderr, /holds data/)
  assert.equal(readFileSync(file, 'utf8'), 'precious')
})

test('a file of ours is kept, and used again', async () => {
  const file = path.join(temporaryDirectory(), 'kept')
  const args = ['--quick', '--only', 'start', '--rounds', '1', '--size', '4MiB', '--file', file]
  for (let run = 0; run < 2; run++) {
    const { code, stderr } = await runBench(args)
    assert.equal(code, 0, stderr)
    assert.equal(statSync(file).size, 4 * 2 ** 20)
  }
})

test('a temporary folder that cannot be made is one clear line', async () => {
  const { code, stderr } = await runBench(['--quick'], { env: { TMPDIR: '/nonexistent' } })
  assert.equal(code, 1)
  assert.match(stderr, /^bench: [^\n]*TMPDIR[^\n]*\n$/)
})

test('more than the disk holds is said before it is written', async () => {
  const { code, stderr, left } = await runBench(['--quick', '--size', '16TiB'])
  assert.equal(code, 1)
  assert.match(stderr, /^bench: the disk is too full: [^\n]*--size[^\n]*\n$/)
  assert.deepEqual(left, [])
})

test('the results are in the folder that was named, and the same as printed', async () => {
  const out = path.join(temporaryDirectory(), 'a', 'b')
  const args = ['--quick', '--only', 'start', '--rounds', '1', '--size', '4MiB', '--json']
  const { code, stdout, stderr } = await runBench([...args, '--out', out])
  assert.equal(code, 0, stderr)
  assert.deepEqual(readdirSync(out).toSorted(), ['report.html', 'results.json'])
  assert.equal(readFileSync(path.join(out, 'results.json'), 'utf8'), stdout)
})

test('without a name the folder is in bench/results, after date and commit, and git does not see it', async () => {
  const args = ['--quick', '--only', 'start', '--rounds', '1', '--size', '4MiB']
  const { code, stdout, stderr } = await runBench(args, { ownResults: true })
  assert.equal(code, 0, stderr)
  const [, folder = ''] = /^results: (.*)$/m.exec(stdout) ?? []
  try {
    assert.match(folder, /\/bench\/results\/\d{4}-\d\d-\d\d-[0-9a-z-]+$/)
    assert.ok(statSync(path.join(folder, 'report.html')).size > 0)
    const { status } = spawnSync('git', ['check-ignore', '-q', folder], {
      cwd: path.dirname(folder),
    })
    assert.equal(status, 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

for (const out of ['/proc/results', '/etc/passwd/results']) {
  test(`a folder for results that cannot be made is said before anything is measured: ${out}`, async () => {
    const { code, stdout, stderr, left } = await runBench(['--quick', '--out', out])
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(stderr, /^bench: no results can be written: [^\n]*--out\n$/)
    assert.deepEqual(left, [])
  })
}

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends what runs and removes the file`, async () => {
    const { code, stderr, left } = await runBench(['--only', 'idle', '--size', '5MiB'], {
      onOutput(text, child) {
        if (text.includes('alternating rounds')) setTimeout(() => child.kill(signal), 700)
      },
    })
    assert.equal(code, exitCode)
    assert.equal(stderr, `bench: ended by ${signal}: nothing was measured\n`)
    assert.deepEqual(left, [])
    assert.deepEqual(casesRunning(), [])
  })
}

/** Processes of the interrupted case that are alive; no other test takes a file of that size. */
function casesRunning(): string[] {
  return readdirSync('/proc').filter((entry) => {
    if (!/^\d+$/.test(entry)) return false
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8')
      return command.includes('bench/dist/child.js') && command.includes('"size":5242880')
    } catch {
      // Ended since the listing.
      return false
    }
  })
}
