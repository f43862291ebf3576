// Every kind of benchmark still runs: a smoke run, so short that its figures mean nothing, gives a
// finite figure for each case; ratios are those of the same round; bounds are judged as stated.
import assert from 'node:assert/strict'
import test from 'node:test'
import { type JsonReport, reportOfBench, runBench } from './benchmarks.ts'

const SHORT = ['--quick', '--seconds', '0.03', '--size', '4MiB'] as const

type Comparison = JsonReport['comparisons'][number]

function assertSound({ name, cases, figures, rounds }: Comparison, count: number): void {
  assert.equal(rounds.length, count)
  for (const { name: caseName, missing, failed, metrics } of cases) {
    assert.equal(failed, null, `${name}, ${caseName}`)
    if (missing !== null) continue
    assert.ok(Object.keys(metrics).length > 0, `${name}, ${caseName} measured nothing`)
    for (const [metric, { median, min, max, values }] of Object.entries(metrics)) {
      assert.equal(values.length, count)
      assert.ok(values.every(Number.isFinite), `${name}, ${caseName}, ${metric}: ${values}`)
      assert.ok(min <= median && median <= max)
    }
  }
  for (const { label, how, metric, of, against, atLeast, atMost, summary, met } of figures) {
    const valuesOf = (caseName: string | undefined) =>
      cases.find((candidate) => candidate.name === caseName)?.metrics[metric]?.values
    const [ours, theirs] = [valuesOf(of), valuesOf(against)]
    const toNothing = how === 'ratio' && theirs?.includes(0)
    if (ours === undefined || (how !== 'value' && theirs === undefined) || toNothing) {
      assert.deepEqual([summary, met], [null, null], `${name}, ${label}`)
      continue
    }
    const expected = ours.map((value, round) => {
      if (how === 'value') return value
      return how === 'ratio' ? value / theirs![round]! : value - theirs![round]!
    })
    assert.deepEqual(summary!.values, expected, `${name}, ${label}`)
    const { median } = summary!
    if (atLeast !== undefined) assert.equal(met, median >= atLeast)
    else assert.equal(met, atMost === undefined ? null : median <= atMost)
  }
}

/** All kinds of comparisons: those of loads differ in numbers only. */
const KINDS = {
  'reads and writes': [
    'random-reads-warm-8',
    'random-reads-cold-1',
    'random-reads-direct-32-x4',
    'random-writes-buffered-1',
    'random-writes-direct-32',
    'random-writes-durable-32',
    'mixed-32',
    'sequential-reads-warm-128k',
    'sequential-writes-direct-128k',
    'scale-files-256',
    'scale-clients-4',
    'scale-block-size-512',
  ],
  bounds: ['warm-reads', 'direct-reads', 'buffered-writes', 'direct-writes', 'tracing', 'nops'],
  others: [
    'copy',
    'small-files',
    'overhead',
    'interference',
    'tails',
    'latency',
    'fairness',
    'system-calls',
    'start',
    'memory',
    'idle',
    'micro',
  ],
}

for (const [kind, names] of Object.entries(KINDS)) {
  test(`a smoke run: ${kind}`, async (t) => {
    const args = [...SHORT, '--rounds', '1', '--only', names.join(',')]
    const { machine, options, comparisons } = await reportOfBench(args)
    for (const key of ['date', 'commit', 'node', 'kernel', 'cpu', 'filesystem']) {
      assert.ok(machine[key], `${key} of the machine`)
    }
    assert.equal(machine.node, process.version)
    assert.equal(options.rounds, 1)
    assert.ok(comparisons.length >= names.length)
    for (const comparison of comparisons) {
      await t.test(comparison.name, () => assertSound(comparison, 1))
      for (const { name, missing } of comparison.cases) {
        if (missing !== null) t.diagnostic(`not measured: ${comparison.name}, ${name}: ${missing}`)
      }
    }
  })
}

test('without fio its cases are named as missing, with the line that installs it', async () => {
  const report = await reportOfBench([...SHORT, '--rounds', '3', '--only', 'warm-reads-32'], {
    env: { PATH: '/nonexistent' },
  })
  const [comparison] = report.comparisons
  const fio = comparison!.cases.find(({ name }) => name.startsWith('fio'))
  assert.match(fio!.missing!, /apt-get install fio/)
  assertSound(comparison!, 3)
})

test('the tables name every case and figure, and judge the bounds', async () => {
  const { code, stdout, left } = await runBench([...SHORT, '--rounds', '1', '--only', 'nops,start'])
  assert.equal(code, 0)
  for (const text of ['Node.js v', 'two workers / one worker', 'spawnActor() to first read']) {
    assert.ok(stdout.includes(text), `${text} is in\n${stdout}`)
  }
  assert.match(stdout, /\d of 3 bounds met/)
  assert.deepEqual(left, [])
})
