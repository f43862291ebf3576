// The rank test of bench:compare: its p-values are those of published tables and of counting every
// arrangement one by one, with ties too; two samples of the same source seldom look different.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { holm, leastP, rankTest, ratioShift } from '@uring-actor/bench/compare/rank-test.js'
import fc from 'fast-check'

/**
 * Cumulated counts of U = 0, 1, 2, … among all C(n + m, n) arrangements: the tables of Mann and
 * Whitney (1947), which are these counts divided by their number.
 */
const TABLES = [
  { n: 3, m: 3, all: 20, cumulated: [1, 2, 4, 7, 10] },
  { n: 3, m: 4, all: 35, cumulated: [1, 2, 4, 7, 11, 15] },
  { n: 4, m: 4, all: 70, cumulated: [1, 2, 4, 7, 12, 17, 24, 31] },
  { n: 5, m: 5, all: 252, cumulated: [1, 2, 4, 7, 12, 19, 28, 39, 53, 69, 87, 106, 126] },
] as const

/** The greatest U that is significant at 0.05, two-sided, for n and n values, as books list it. */
const CRITICAL = [
  [4, 0],
  [5, 2],
  [6, 5],
  [7, 8],
  [8, 13],
  [9, 17],
  [10, 23],
  [12, 37],
  [15, 64],
  [20, 127],
] as const

/** Samples without ties in which exactly `u` pairs have the larger value in A. */
function samplesOf(n: number, m: number, u: number): [number[], number[]] {
  const b = Array.from({ length: m }, (_, index) => index)
  const a = Array.from({ length: n }, (_, index) => {
    const beaten = Math.min(m, Math.max(0, u - index * m))
    return beaten - 0.5 + index / 1000
  })
  return [a, b]
}

function near(actual: number, expected: number, tolerance: number = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, not ${expected}`)
}

/** Pairs of which A has the larger value; equal ones count a half. Twice, to stay whole. */
function doubledU(a: readonly number[], b: readonly number[]): number {
  return a.flatMap((one) => b.map((other) => 1 + Math.sign(one - other))).reduce((x, y) => x + y, 0)
}

/** The definition, word for word: every way to deal the values out, and U by looking at all pairs. */
function pByBruteForce(a: readonly number[], b: readonly number[]): number {
  const values = [...a, ...b]
  const middle = a.length * b.length
  const distance = Math.abs(doubledU(a, b) - middle)
  let all = 0
  let asFar = 0
  for (let chosen = 0; chosen < 2 ** values.length; chosen++) {
    const first = values.filter((_value, index) => (chosen >> index) & 1)
    if (first.length !== a.length) continue
    const second = values.filter((_value, index) => !((chosen >> index) & 1))
    all++
    if (Math.abs(doubledU(first, second) - middle) >= distance) asFar++
  }
  return asFar / all
}

/** Numbers from 0 to 1 that a seed determines: mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** No more than five standard deviations of the count above what is allowed: chance has no say. */
function assertSeldom(count: number, tries: number, alpha: number, what: string): void {
  const most = tries * alpha + 5 * Math.sqrt(tries * alpha * (1 - alpha))
  assert.ok(count <= most, `${what}: ${count} of ${tries}, at most ${most.toFixed(0)} expected`)
}

const newSeed = (): number => Math.floor(Math.random() * 2 ** 31)

describe('exact p-values', () => {
  for (const { n, m, all, cumulated } of TABLES) {
    test(`the table for ${n} and ${m} values`, () => {
      for (const [u, count] of cumulated.entries()) {
        for (const pairs of [u, n * m - u]) {
          const result = rankTest(...samplesOf(n, m, pairs))
          assert.deepEqual([result.u, result.method], [pairs, 'exact'])
          near(result.p, Math.min(1, (2 * count) / all))
        }
      }
      near(leastP(n, m), 2 / all)
    })
  }

  test('figures that everybody can look up', () => {
    const rounded = (n: number, m: number, u: number) =>
      rankTest(...samplesOf(n, m, u)).p.toFixed(4)
    assert.equal(rounded(5, 5, 0), '0.0079')
    assert.equal(rounded(5, 5, 2), '0.0317')
    assert.equal(rounded(3, 4, 0), '0.0571')
    assert.equal(rounded(3, 3, 0), '0.1000')
  })

  for (const [n, u] of CRITICAL) {
    test(`the critical value for ${n} and ${n} values is ${u}`, () => {
      assert.ok(rankTest(...samplesOf(n, n, u)).p <= 0.05)
      assert.ok(rankTest(...samplesOf(n, n, u + 1)).p > 0.05)
    })
  }

  // Small whole numbers make ties of every kind, doubles hardly any; a failure prints its seed.
  for (const [what, value] of [
    ['without ties', fc.double({ min: -1e6, max: 1e6, noNaN: true })],
    ['with many ties', fc.integer({ min: 0, max: 4 })],
  ] as const) {
    const sample = fc.array<number>(value, { minLength: 1, maxLength: 6 })

    test(`counting one by one gives the same, ${what}`, () => {
      const property = fc.property(sample, sample, (a, b) => {
        const { p, u, method } = rankTest(a, b)
        assert.equal(method, 'exact')
        assert.equal(2 * u, doubledU(a, b))
        near(p, pByBruteForce(a, b))
      })
      fc.assert(property, { numRuns: 150 })
    })

    test(`neither the sides nor the unit matter, ${what}`, () => {
      const property = fc.property(sample, sample, (a, b) => {
        const { p, u } = rankTest(a, b)
        const mirrored = rankTest(b, a)
        near(mirrored.p, p)
        assert.equal(mirrored.u, a.length * b.length - u)
        const scaled = rankTest(
          a.map((x) => x * 1024),
          b.map((x) => x * 1024),
        )
        near(scaled.p, p)
      })
      fc.assert(property)
    })
  }

  test('all values equal, or none at all: nothing is shown', () => {
    assert.equal(rankTest([7, 7, 7, 7, 7], [7, 7, 7, 7, 7]).p, 1)
    assert.equal(rankTest(new Array(200).fill(7), new Array(200).fill(7)).p, 1)
    assert.equal(rankTest([], [1, 2, 3]).p, 1)
  })
})

describe('samples too large to count', () => {
  test('it goes over into the exact values without a step', () => {
    for (const u of [250, 320, 400]) {
      const exact = rankTest(...samplesOf(30, 30, u))
      assert.equal(exact.method, 'exact')
      // The same number of standard deviations away from the middle.
      const deviation = (size: number) => Math.sqrt((size * size * (2 * size + 1)) / 12)
      const away = ((450 - u) / deviation(30)) * deviation(60)
      const normal = rankTest(...samplesOf(60, 60, Math.round(1800 - away)))
      assert.equal(normal.method, 'normal')
      near(normal.p, exact.p, 0.01)
    }
  })

  test('the values of SciPy, with its correction for continuity', () => {
    for (const [n, m, u, expected] of [
      [40, 40, 700, 0.338346],
      [100, 100, 4200, 0.050762],
      [50, 80, 1500, 0.016833],
    ] as const) {
      const { p, method } = rankTest(...samplesOf(n, m, u))
      assert.equal(method, 'normal')
      near(p, expected, 1e-6)
    }
  })

  test('with ties: as many of random arrangements are as uneven', (t) => {
    const seed = newSeed()
    t.diagnostic(`seed ${seed}`)
    const next = random(seed)
    const values = Array.from({ length: 100 }, (_, index) => Math.floor(next() * 5 + index / 100))
    const [a, b] = [values.slice(0, 50), values.slice(50)]
    const { p, method } = rankTest(a, b)
    assert.equal(method, 'normal')
    const distance = Math.abs(doubledU(a, b) - 2500)
    const tries = 4000
    let asFar = 0
    for (let attempt = 0; attempt < tries; attempt++) {
      for (let index = values.length - 1; index > 0; index--) {
        const other = Math.floor(next() * (index + 1))
        ;[values[index], values[other]] = [values[other]!, values[index]!]
      }
      const far = Math.abs(doubledU(values.slice(0, 50), values.slice(50)) - 2500)
      if (far >= distance) asFar++
    }
    near(p, asFar / tries, 0.005 + 5 * Math.sqrt((p * (1 - p)) / tries))
  })
})

describe('nothing has changed', () => {
  for (const [rounds, what, digits] of [
    [5, 'values', 6],
    [8, 'values', 6],
    [10, 'values with ties', 1],
  ] as const) {
    test(`${rounds} and ${rounds} ${what}: at most alpha of the tests say otherwise`, (t) => {
      const seed = newSeed()
      t.diagnostic(`seed ${seed}`)
      const next = random(seed)
      // Skewed, as latencies are.
      const draw = () => Number((1 - Math.log(1 - next())).toFixed(digits))
      const sample = () => Array.from({ length: rounds }, draw)
      const tries = 3000
      const values = Array.from({ length: tries }, () => rankTest(sample(), sample()).p)
      for (const alpha of [0.01, 0.05, 0.2]) {
        const count = values.filter((p) => p <= alpha).length
        assertSeldom(count, tries, alpha, `alpha ${alpha}`)
      }
    })
  }

  test('of twelve metrics that depend on one another, any says otherwise as seldom', (t) => {
    const seed = newSeed()
    t.diagnostic(`seed ${seed}`)
    const next = random(seed)
    const tries = 500
    let wrong = 0
    for (let attempt = 0; attempt < tries; attempt++) {
      const [a, b] = [0, 1].map(() => Array.from({ length: 10 }, next)) as [number[], number[]]
      const noisy = (values: number[]) => values.map((value) => value + 0.5 * next())
      const tests = Array.from({ length: 12 }, () => rankTest(noisy(a), noisy(b)).p)
      if (holm(tests).some((p) => p <= 0.05)) wrong++
    }
    assertSeldom(wrong, tries, 0.05, 'families')
  })
})

test("Holm's correction", () => {
  const corrected = holm([0.01, 0.04, 0.03, 0.005])
  for (const [index, expected] of [0.03, 0.06, 0.06, 0.02].entries()) {
    near(corrected[index]!, expected)
  }
  assert.deepEqual(holm([]), [])
  assert.deepEqual(holm([0.6, 0.7]), [1, 1])
})

test('the ratio is the median of those of all pairs', () => {
  assert.deepEqual(ratioShift([1, 2, 4], [2, 4, 8]), { median: 2, min: 0.5, max: 8 })
  const property = fc.property(
    fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 }),
    fc.integer({ min: 1, max: 9 }),
    (values, factor) => {
      // The same, and a constant between them: of all estimates only this one finds it exactly.
      const shift = ratioShift(
        values,
        values.map((value) => value * factor),
      )
      near(shift!.median, factor, 1e-9)
    },
  )
  fc.assert(property)
  for (const values of [[], [0], [-1], [1, Number.NaN]]) assert.equal(ratioShift([1], values), null)
})
