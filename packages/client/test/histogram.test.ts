// Histograms against the sorted times themselves: percentiles within half a bucket, exact counts,
// means and maxima; they add up, and what a client may write into its memory does no harm.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  BUCKETS,
  HISTOGRAM_COUNTS,
  HISTOGRAM_F64,
  HISTOGRAM_MAX,
  HISTOGRAM_SUM,
  SUB_BUCKET_BITS,
  UNITS_MAX,
  UNITS_PER_MICROSECOND,
} from '#dist/protocol/index.js'
import {
  addHistograms,
  addTo,
  bucketMiddle,
  countAt,
  type Distribution,
  distributionAt,
} from '#dist/trace/histogram.js'

/** Half of the finest bucket in microseconds, and half of a coarse one as a share of its times. */
const HALF_FINEST = 1 / UNITS_PER_MICROSECOND / 2
const HALF_SHARE = 1 / 2 ** SUB_BUCKET_BITS / 2
/** The longest time that has a bucket of its own, in microseconds. */
const LONGEST = UNITS_MAX / UNITS_PER_MICROSECOND
const SHARES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const

/** Times of every magnitude, in microseconds: none, those of one clock tick, up to two minutes. */
const times: fc.Arbitrary<number> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 4, noNaN: true }) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        exponent: fc.integer({ min: -4, max: 25 }),
        part: fc.double({ min: 1, max: 2, noNaN: true }),
      })
      .map(({ exponent, part }) => Math.min(part * 2 ** exponent, LONGEST)),
  },
  // Where one bucket ends and the next begins.
  { weight: 1, arbitrary: fc.nat(UNITS_MAX).map((units) => units / UNITS_PER_MICROSECOND) },
)
const manyTimes = fc.array(times, { minLength: 1, maxLength: 3000, size: 'max' })

/** What a thread may have written where a number of ours should be. */
const hostile: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(NaN, Infinity, -Infinity, 1e308, -1e308, -1, -0, 5e-324, 2 ** 53 - 1, 2 ** 53),
  fc.double(),
  fc.nat(),
)

function histogramOf(values: readonly number[]): Float64Array {
  const memory = new Float64Array(HISTOGRAM_F64)
  for (const value of values) addTo(memory, 0, value)
  return memory
}

function assertNear(found: number, exact: number, what: string): void {
  // The middle itself is rounded once.
  const allowed = Math.max(HALF_FINEST, exact * HALF_SHARE) * (1 + 1e-12)
  const off = Math.abs(found - exact)
  assert.ok(off <= allowed, `${what} is ${exact}, not ${found}: off by ${off}, not ${allowed}`)
}

function assertDescribes(distribution: Distribution, values: readonly number[]): void {
  const sorted = Float64Array.from(values).sort()
  assert.equal(distribution.count, sorted.length)
  assert.equal(distribution.max, sorted.at(-1))
  const sum = sorted.reduce((total, value) => total + value, 0)
  assert.ok(Math.abs(distribution.mean - sum / sorted.length) <= 1e-9 * (1 + sum))
  for (const [name, share] of Object.entries(SHARES)) {
    const exact = sorted[Math.ceil(share * sorted.length) - 1]!
    assertNear(distribution[name as keyof typeof SHARES], exact, name)
  }
}

function assertSane({ count, mean, p50, p90, p99, p999, max }: Distribution): void {
  for (const [name, value] of Object.entries({ count, mean, p50, p90, p99, p999, max })) {
    assert.ok(Number.isFinite(value) && value >= 0, `${name} is ${value}`)
  }
  assert.ok(p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max, 'percentiles rise')
  assert.ok(mean <= max, `the mean, ${mean}, is not above ${max}`)
}

describe('a histogram', () => {
  test('has the percentiles of the sorted times, within half a bucket', () => {
    fc.assert(
      fc.property(manyTimes, (values) => {
        const distribution = distributionAt(histogramOf(values), 0)
        assertDescribes(distribution, values)
        assertSane(distribution)
      }),
      { numRuns: 200, verbose: 1 },
    )
  })

  test('has every time in a bucket whose middle is near', () => {
    fc.assert(
      fc.property(times, (value) => {
        const counts = histogramOf([value]).subarray(HISTOGRAM_COUNTS)
        assert.equal(
          counts.reduce((sum, count) => sum + count),
          1,
        )
        const bucket = counts.indexOf(1)
        assertNear(bucketMiddle(bucket), value, `bucket ${bucket}`)
      }),
      { numRuns: 2000, verbose: 1 },
    )
  })

  test('has buckets that follow one another without a gap, none wider than 3.2 %', () => {
    let end = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const half = bucketMiddle(bucket) - end
      assert.ok(half <= Math.max(HALF_FINEST, end * HALF_SHARE), `bucket ${bucket} is too wide`)
      end += 2 * half
      const before = histogramOf([(end * UNITS_PER_MICROSECOND - 1) / UNITS_PER_MICROSECOND])
      assert.equal(before[HISTOGRAM_COUNTS + bucket], 1, `the last time in bucket ${bucket}`)
      const behind = histogramOf([end])
      const next = Math.min(bucket + 1, BUCKETS - 1)
      assert.equal(behind[HISTOGRAM_COUNTS + next], 1, `the first time behind bucket ${bucket}`)
    }
    assert.equal(end * UNITS_PER_MICROSECOND, UNITS_MAX + 1)
  })

  test('counts what is longer than 134 s as that, and has its sum and its maximum', () => {
    const values = [LONGEST, LONGEST + 1, 200e6, 3600e6, 1e15, Number.MAX_SAFE_INTEGER]
    const memory = histogramOf(values)
    assert.equal(memory[HISTOGRAM_COUNTS + BUCKETS - 1], values.length)
    const distribution = distributionAt(memory, 0)
    assert.equal(distribution.max, Number.MAX_SAFE_INTEGER)
    assert.equal(distribution.count, values.length)
    assertNear(distribution.p50, LONGEST, 'p50')
    const sum = values.reduce((total, value) => total + value)
    // Beyond 2^53 the sum is no longer believed; nobody's operations take 285 years.
    assert.ok(sum > Number.MAX_SAFE_INTEGER)
    const believed = distributionAt(histogramOf(values.slice(0, 5)), 0)
    assert.equal(believed.mean, values.slice(0, 5).reduce((total, value) => total + value) / 5)
    assertSane(believed)
  })

  test('is nothing but zeroes as long as there is no time in it', () => {
    const { count, ...others } = distributionAt(new Float64Array(HISTOGRAM_F64), 0)
    assert.equal(count, 0)
    assert.deepEqual(others, { mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
  })

  test('stays where it was put, between others', () => {
    const memory = new Float64Array(3 * HISTOGRAM_F64)
    for (const value of [0, 1, 1e3, LONGEST, 1e12]) addTo(memory, HISTOGRAM_F64, value)
    assert.deepEqual(
      [0, 1, 2].map((at) => countAt(memory, at * HISTOGRAM_F64)),
      [0, 5, 0],
    )
    assert.ok(memory.subarray(0, HISTOGRAM_F64).every((word) => word === 0))
    assert.ok(memory.subarray(2 * HISTOGRAM_F64).every((word) => word === 0))
  })
})

describe('histograms that are added', () => {
  test('are the histogram of all times together', () => {
    fc.assert(
      fc.property(fc.array(manyTimes, { minLength: 1, maxLength: 4 }), (parts) => {
        const together = new Float64Array(HISTOGRAM_F64)
        for (const part of parts) addHistograms(together, 0, histogramOf(part), 0, 1)
        assertDescribes(distributionAt(together, 0), parts.flat())
      }),
      { numRuns: 50, verbose: 1 },
    )
  })

  test('leave what was there before when they are taken away again, the maximum excepted', () => {
    fc.assert(
      fc.property(manyTimes, manyTimes, (kept, gone) => {
        const memory = histogramOf(kept)
        const other = histogramOf(gone)
        addHistograms(memory, 0, other, 0, 1)
        addHistograms(memory, 0, other, 0, 1, -1)
        const before = histogramOf(kept)
        assert.deepEqual(memory.subarray(HISTOGRAM_COUNTS), before.subarray(HISTOGRAM_COUNTS))
        const sum = before[HISTOGRAM_SUM]! + other[HISTOGRAM_SUM]!
        assert.ok(Math.abs(memory[HISTOGRAM_SUM]! - before[HISTOGRAM_SUM]!) <= 1e-12 * sum)
        assert.equal(memory[HISTOGRAM_MAX], Math.max(...kept, ...gone))
        assertSane(distributionAt(memory, 0))
      }),
      { numRuns: 100, verbose: 1 },
    )
  })

  test('are added one by one, each to its own, and to nothing beside them', () => {
    const from = new Float64Array(4 * HISTOGRAM_F64)
    for (let which = 0; which < 4; which++) {
      for (let left = which; left >= 0; left--) addTo(from, which * HISTOGRAM_F64, 10 ** which)
    }
    const to = new Float64Array(4 * HISTOGRAM_F64)
    addHistograms(to, HISTOGRAM_F64, from, 2 * HISTOGRAM_F64, 2)
    assert.deepEqual(
      [0, 1, 2, 3].map((at) => countAt(to, at * HISTOGRAM_F64)),
      [0, 3, 4, 0],
    )
    assert.equal(distributionAt(to, HISTOGRAM_F64).max, 100)
    assert.equal(distributionAt(to, 2 * HISTOGRAM_F64).max, 1000)
  })
})

describe('a histogram that anybody may have written into', () => {
  /** The same word everywhere or, where it is null, what was counted; and words here and there. */
  const contents = fc.record({
    everywhere: fc.option(hostile),
    words: fc.array(fc.tuple(fc.nat(HISTOGRAM_F64 - 1), hostile), { maxLength: 900 }),
  })
  type Contents = typeof contents extends fc.Arbitrary<infer T> ? T : never

  function histogramWith({ everywhere, words }: Contents): Float64Array {
    const memory = histogramOf([1, 2, 3])
    if (everywhere !== null) memory.fill(everywhere)
    for (const [at, word] of words) memory[at] = word
    return memory
  }

  test('is finite, never negative, and in order', () => {
    fc.assert(
      fc.property(contents, (given) => assertSane(distributionAt(histogramWith(given), 0))),
      { numRuns: 500 },
    )
  })

  test('makes no sum of others unreadable, added or taken away', () => {
    fc.assert(
      fc.property(contents, fc.constantFrom(1 as const, -1 as const), (given, sign) => {
        const memory = histogramOf([5, 50, 500])
        addHistograms(memory, 0, histogramWith(given), 0, 1, sign)
        assert.ok(memory.every(Number.isFinite))
        assertSane(distributionAt(memory, 0))
        // What others record afterwards is still counted.
        const before = memory[HISTOGRAM_COUNTS]!
        addTo(memory, 0, 0)
        assert.equal(memory[HISTOGRAM_COUNTS], before + 1)
      }),
      { numRuns: 300 },
    )
  })

  test('may change while it is read', () => {
    // A getter stands for the other thread: no word is the same when it is read again.
    let reads = 0
    const memory = new Proxy(new Float64Array(HISTOGRAM_F64), {
      get: () => [0, 7, 1e300, -3, NaN, 2 ** 40][reads++ % 6],
    })
    for (let round = 0; round < 20; round++) assertSane(distributionAt(memory, 0))
    assert.ok(reads > 20 * BUCKETS)
  })
})
