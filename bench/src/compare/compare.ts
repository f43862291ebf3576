import { median } from 'simple-statistics'
import type { CaseResult, ComparisonResult, Results } from '../results/results.ts'
import {
  type Difference,
  differencesBetween,
  type NoisyRounds,
  noisyRoundsOf,
} from './differences.ts'
import {
  type Change,
  type Measurement,
  measurementsOfCase,
  measurementsOfFigures,
} from './measurements.ts'
import { holm, leastP, type RankTest, rankTest, ratioShift, type Shift } from './rank-test.ts'

/** What is compared by: a metric that both results have. */
export interface Row {
  readonly comparison: string
  readonly case: string | null
  readonly metric: string
  readonly label: string
  readonly a: Sample
  readonly b: Sample
  /** B / A; null where the values have no ratio. */
  readonly ratio: Shift | null
  readonly p: number
  /** Holm's: what the verdict is drawn from. */
  readonly correctedP: number
  readonly method: RankTest['method']
  readonly verdict: Change | 'no change shown'
  /** Whether the change is welcome; null without a change, or where neither way is. */
  readonly effect: 'better' | 'worse' | null
}

export interface Sample {
  readonly median: number
  readonly rounds: number
}

/** What only one result has; null stands for all of them. */
export interface Unpaired {
  readonly only: Side
  readonly comparison: string
  readonly case: string | null
  readonly metric: string | null
  /** Why the other has not measured it, if it says so. */
  readonly reason: string | null
}

export type Side = 'A' | 'B'

/** No result could have been significant, whatever the values. */
export interface TooFewRounds {
  readonly a: number
  readonly b: number
  /** Whether they would be too few for a single metric too. */
  readonly alone: boolean
  /** Rounds that are enough for as many metrics. */
  readonly enough: number
}

export interface Compared {
  readonly alpha: number
  readonly differences: readonly Difference[]
  readonly noisyRounds: Readonly<Record<Side, NoisyRounds>>
  readonly tooFewRounds: TooFewRounds | null
  readonly rows: readonly Row[]
  readonly unpaired: readonly Unpaired[]
}

type Pair = readonly [a: Measurement, b: Measurement]

/** Fewer are enough for one metric at 0.05, but only if not a single round is out of line. */
const ROUNDS_MIN = 5

/** Compares all that two results have in common. */
export function compareResults(a: Results, b: Results, alpha: number): Compared {
  const pairs: Pair[] = []
  const unpaired: Unpaired[] = []
  const comparisons = matchUp(a.comparisons, b.comparisons, ({ name }) => name)
  for (const [ofA, ofB] of comparisons) {
    if (ofA === undefined || ofB === undefined) {
      const { name } = (ofA ?? ofB)!
      unpaired.push({ only: sideOf(ofA), comparison: name, case: null, metric: null, reason: null })
    } else pairComparison(ofA, ofB, pairs, unpaired)
  }
  return {
    alpha,
    differences: differencesBetween(a, b),
    noisyRounds: { A: noisyRoundsOf(a), B: noisyRoundsOf(b) },
    tooFewRounds: tooFewRounds(pairs, alpha),
    rows: judge(pairs, alpha),
    unpaired,
  }
}

function pairComparison(
  a: ComparisonResult,
  b: ComparisonResult,
  pairs: Pair[],
  unpaired: Unpaired[],
): void {
  for (const [ofA, ofB] of matchUp(a.cases, b.cases, ({ name }) => name)) {
    pairCase(a.name, ofA, ofB, pairs, unpaired)
  }
  pairMeasurements(measurementsOfFigures(a), measurementsOfFigures(b), pairs, unpaired)
}

function pairCase(
  comparison: string,
  a: CaseResult | undefined,
  b: CaseResult | undefined,
  pairs: Pair[],
  unpaired: Unpaired[],
): void {
  const ofA = a === undefined ? [] : measurementsOfCase(comparison, a)
  const ofB = b === undefined ? [] : measurementsOfCase(comparison, b)
  const wasMeasured = (result: CaseResult | undefined) =>
    result !== undefined && Object.keys(result.metrics).length > 0
  if (wasMeasured(a) && wasMeasured(b)) pairMeasurements(ofA, ofB, pairs, unpaired)
  else if (wasMeasured(a) || wasMeasured(b)) {
    const other = wasMeasured(a) ? b : a
    unpaired.push({
      only: wasMeasured(a) ? 'A' : 'B',
      comparison,
      case: (a ?? b)!.name,
      metric: null,
      reason: other?.missing ?? other?.failed ?? null,
    })
  }
}

function pairMeasurements(
  a: readonly Measurement[],
  b: readonly Measurement[],
  pairs: Pair[],
  unpaired: Unpaired[],
): void {
  for (const [ofA, ofB] of matchUp(a, b, ({ metric }) => metric)) {
    if (ofA !== undefined && ofB !== undefined) pairs.push([ofA, ofB])
    else {
      const { comparison, case: name, label } = (ofA ?? ofB)!
      unpaired.push({ only: sideOf(ofA), comparison, case: name, metric: label, reason: null })
    }
  }
}

function sideOf(ofA: unknown): Side {
  return ofA === undefined ? 'B' : 'A'
}

/** Those of the same name side by side, in the order of A; then what only B has. */
function matchUp<T>(
  a: readonly T[],
  b: readonly T[],
  nameOf: (item: T) => string,
): Array<[T | undefined, T | undefined]> {
  const ofB = new Map(b.map((item) => [nameOf(item), item]))
  const namesOfA = new Set(a.map(nameOf))
  return [
    ...a.map((item): [T, T | undefined] => [item, ofB.get(nameOf(item))]),
    ...b
      .filter((item) => !namesOfA.has(nameOf(item)))
      .map((item): [undefined, T] => [undefined, item]),
  ]
}

/** One family of tests: all that are printed, or counted as others, are corrected together. */
function judge(pairs: readonly Pair[], alpha: number): Row[] {
  const tests = pairs.map(([a, b]) => rankTest(a.values, b.values))
  const corrected = holm(tests.map(({ p }) => p))
  return pairs.map(([a, b], index) => {
    const { u, p, method } = tests[index]!
    const correctedP = corrected[index]!
    const { comparison, case: name, metric, label } = a
    return {
      comparison,
      case: name,
      metric,
      label,
      a: { median: median([...a.values]), rounds: a.values.length },
      b: { median: median([...b.values]), rounds: b.values.length },
      ratio: ratioShift(a.values, b.values),
      p,
      correctedP,
      method,
      // By the ranks, as p is: a few wild rounds can move a median the other way.
      ...verdict(a, correctedP <= alpha, u < (a.values.length * b.values.length) / 2),
    }
  })
}

function verdict(
  { wanted, words }: Measurement,
  significant: boolean,
  up: boolean,
): Pick<Row, 'verdict' | 'effect'> {
  if (!significant) return { verdict: 'no change shown', effect: null }
  const word = words[up ? 0 : 1]
  if (wanted === null) return { verdict: word, effect: null }
  return { verdict: word, effect: (wanted === 'more') === up ? 'better' : 'worse' }
}

/** Whether Holm's correction lets not even the pair with the most rounds be significant. */
function tooFewRounds(pairs: readonly Pair[], alpha: number): TooFewRounds | null {
  const best = pairs
    .map(([a, b]) => ({ a: a.values.length, b: b.values.length }))
    .reduce<{ a: number; b: number } | null>(
      (one, other) =>
        one === null || leastP(other.a, other.b) < leastP(one.a, one.b) ? other : one,
      null,
    )
  if (best === null) return null
  const least = leastP(best.a, best.b)
  if (least * pairs.length <= alpha) return null
  let enough = ROUNDS_MIN
  while (leastP(enough, enough) * pairs.length > alpha) enough++
  return { ...best, alone: least > alpha, enough }
}
