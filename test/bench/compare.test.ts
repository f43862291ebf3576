// npm run bench:compare on results that were made up: it finds and names what is slower, and only
// that; what one side lacks, other machines and too few rounds are said; bad arguments are refused.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { Compared } from '@uring-actor/bench/compare/compare.js'
import { type ChildResult, runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { madeUp } from './made-up-results.ts'

const MAIN = new URL('../../../bench/dist/compare-main.js', import.meta.url)
const folder = temporaryDirectory()

/** Writes results, or what should be some, and returns their path relative to the folder. */
function write(name: string, content: object | string): string {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(path.join(folder, name), text)
  return name
}

/** Relative paths are from the folder that npm was started in, whichever the program runs in. */
function compare(...args: string[]): Promise<ChildResult> {
  return runScript(MAIN, { args, env: { INIT_CWD: folder } })
}

async function compareJson(...args: string[]): Promise<Compared & { code: number | null }> {
  const { code, stdout, stderr } = await compare(...args, '--json')
  assert.equal(stderr, '')
  return { ...(JSON.parse(stdout) as Compared), code }
}

const before = write('before.json', madeUp())

/** Rows of the changed metrics, in short. */
const changes = ({ rows }: Compared) =>
  rows
    .filter(({ verdict }) => verdict !== 'no change shown')
    .map(({ comparison, case: name, metric, verdict, effect }) =>
      [comparison, name, metric, verdict, effect].join('/'),
    )

describe('what has changed', () => {
  test('two runs of the same show nothing', async () => {
    const { code, stdout } = await compare(before, write('again.json', madeUp({ run: 1 })))
    assert.equal(code, 0, stdout)
    assert.match(stdout, /^0 worse, 0 better; 18 metrics without a change shown \(--all/m)
    assert.doesNotMatch(stdout, /WARNING|│/)
  })

  test('what is slower by a fifth is found, and nothing else', async () => {
    const factors = { 'reads/ours/operationsPerSecond': 0.8 }
    const slower = write('slower.json', madeUp({ run: 1, factors }))
    const compared = await compareJson(before, slower)
    assert.equal(compared.code, 1)
    assert.deepEqual(changes(compared), [
      'reads/ours/operationsPerSecond/slower/worse',
      'reads//ops/s, ours / fio/lower/worse',
    ])
    const [row] = compared.rows
    assert.ok(Math.abs(row!.ratio!.median - 0.8) < 0.02)
    assert.ok(row!.p < 0.001 && row!.p < row!.correctedP && row!.correctedP <= 0.05)

    const { code, stdout } = await compare(before, slower)
    assert.equal(code, 1)
    assert.match(stdout, /reads +│ ours +│ ops\/s .* 0\.80\d \(.* slower /)
    assert.doesNotMatch(stdout, /│ writes/)

    const all = await compare(before, slower, '--all')
    assert.equal(all.stdout.match(/no change shown/g)!.length, 16)

    // Back again it is an improvement, and no reason to fail.
    const back = await compareJson(slower, before)
    assert.equal(back.code, 0)
    assert.equal(changes(back)[0], 'reads/ours/operationsPerSecond/faster/better')
  })

  for (const [key, factor, word] of [
    ['cpuMicros', 1.2, 'higher/worse'],
    ['cpuMicros', 0.8, 'lower/better'],
    ['p50Micros', 1.2, 'slower/worse'],
    ['p99Micros', 0.8, 'faster/better'],
  ] as const) {
    test(`${key} times ${factor} is ${word}`, async () => {
      const factors = { [`writes/ours/${key}`]: factor }
      const compared = await compareJson(before, write('other.json', madeUp({ run: 1, factors })))
      assert.deepEqual(changes(compared), [`writes/ours/${key}/${word}`])
      assert.equal(compared.code, word.endsWith('worse') ? 1 : 0)
    })
  }

  test('a stricter alpha shows less', async () => {
    const factors = { 'reads/ours/cpuMicros': 1.2 }
    const slower = write('strict.json', madeUp({ run: 1, factors }))
    const compared = await compareJson(before, slower, '--alpha', '1e-6')
    assert.deepEqual([compared.code, changes(compared)], [0, []])
  })
})

describe('what must be known beside it', () => {
  test('what only one of the two has is listed', async () => {
    const a = write('a.json', madeUp({ comparisons: ['reads', 'writes'] }))
    const fioMissing = 'apt-get install fio'
    const b = write('b.json', madeUp({ comparisons: ['reads', 'nops'], fioMissing }))
    const { code, stdout } = await compare(a, b)
    assert.equal(code, 0)
    for (const line of [
      'only in A: reads, fio (the other: apt-get install fio)',
      'only in A: reads, ops/s, ours / fio',
      'only in A: writes',
      'only in B: nops',
    ]) {
      assert.ok(stdout.includes(`${line}\n`), `${line} is in\n${stdout}`)
    }
  })

  test('two results with nothing in common', async () => {
    const a = write('a.json', madeUp({ comparisons: ['reads'] }))
    const b = write('b.json', madeUp({ comparisons: ['nops'] }))
    const { code, stdout } = await compare(a, b)
    assert.equal(code, 0)
    assert.match(stdout, /there is no metric that both have/)
  })

  test('another machine, other settings and noisy rounds', async () => {
    const other = madeUp({
      machine: { kernel: 'Linux 6.1.0 x64', node: 'v22.5.0', load: 3, commit: 'other' },
      options: { size: 2 ** 26, quick: true },
      noisy: 3,
    })
    const { stdout } = await compare(before, write('elsewhere.json', other))
    const lines = stdout.split('\n').filter((line) => line.startsWith('WARNING: '))
    assert.deepEqual(lines, [
      'WARNING: not the same machine: kernel Linux 6.12.0 x64 in A, Linux 6.1.0 x64 in B; ' +
        'Node.js v20.19.0 in A, v22.5.0 in B',
      'WARNING: not the same settings: size 1 GiB in A, 64 MiB in B; quick false in A, true in B',
      'WARNING: what changed may be due to that, and not to the code',
      'WARNING: noisy rounds: 0 of 16 in A, 6 of 16 in B',
    ])
  })

  test('three rounds cannot show anything, and five not of many metrics', async () => {
    const factors = { 'reads/ours/cpuMicros': 2 }
    for (const [rounds, line] of [
      [3, /^with 3 and 3 rounds no difference can be significant; take --rounds 6 or more$/m],
      [
        5,
        /^with 5 and 5 rounds no difference among 18 metrics can be significant; take --rounds 6/m,
      ],
      [6, null],
    ] as const) {
      const a = write('few-a.json', madeUp({ rounds }))
      const b = write('few-b.json', madeUp({ rounds, run: 1, factors }))
      const { code, stdout } = await compare(a, b)
      assert.equal(code, line === null ? 1 : 0, stdout)
      if (line !== null) assert.match(stdout, line)
      else assert.doesNotMatch(stdout, /no difference/)
    }
  })

  test('for one comparison of one case five rounds are enough', async () => {
    const one = (rounds: number, run: number) => {
      const fioMissing = 'not here'
      return madeUp({ rounds, run, comparisons: ['reads'], fioMissing })
    }
    const { stdout } = await compare(write('1.json', one(3, 0)), write('2.json', one(3, 1)))
    assert.match(stdout, /^with 3 and 3 rounds no .* significant; take --rounds 5 or more$/m)
    const five = await compare(write('1.json', one(5, 0)), write('2.json', one(5, 1)))
    assert.doesNotMatch(five.stdout, /no difference/)
  })

  test('rounds without a value, as JSON has it, are left out', async () => {
    const text = JSON.stringify(madeUp()).replace(/"p50Micros":\{"values":\[[^,]+,/, '$&null,')
    const { rows } = await compareJson(before, write('nulls.json', text))
    assert.deepEqual([rows[2]!.metric, rows[2]!.b.rounds], ['p50Micros', 8])
  })
})

describe('the command line', () => {
  mkdirSync(path.join(folder, 'run'))
  write('run/results.json', madeUp({ run: 1 }))
  mkdirSync(path.join(folder, 'empty'))
  write('no.json', 'no\nJSON')
  write('format.json', { format: 2, comparisons: [] })
  write('list.json', '[]')
  write('null.json', 'null')
  write('bare.json', { format: 1, comparisons: [] })
  write('cut.json', { ...madeUp(), comparisons: [{ name: 'reads', cases: [{}] }] })

  for (const args of [
    [],
    [before],
    [before, before, before],
    [before, 'missing.json'],
    ['missing.json', before],
    ...['no', 'format', 'list', 'null', 'bare', 'cut'].map((name) => [before, `${name}.json`]),
    [before, 'empty'],
    [before, ''],
    ...['0', '1', '-0.1', '2', 'NaN', 'x', ''].map((p) => [before, before, '--alpha', p]),
    [before, before, '--alpha'],
    [before, before, '--nonsense'],
  ]) {
    test(`bad arguments: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await compare(...args)
      assert.equal(code, 2, stderr)
      assert.equal(stdout, '')
      assert.match(stderr, /^bench: [^\n]+\n$/)
    })
  }

  test('a folder stands for the results in it', async () => {
    const { code, rows } = await compareJson(before, 'run')
    assert.deepEqual([code, rows.length], [0, 18])
  })

  test('--help explains the test and the exit codes', async () => {
    const { code, stdout } = await compare('--help')
    assert.equal(code, 0)
    for (const text of ['--alpha', '--all', '--json', 'Mann–Whitney', 'Holm', 'Exit codes']) {
      assert.ok(stdout.includes(text), text)
    }
  })
})
