import { errorFunction, median } from 'simple-statistics'

/** What the two-sided Mann–Whitney test says of two samples. */
export interface RankTest {
  /** Pairs in which the value of A is the larger one; a pair of equal values counts a half. */
  readonly u: number
  /** How likely ranks as uneven as these are when both samples come from the same source. */
  readonly p: number
  /** Whether p was counted, or approximated because the samples are too large to count. */
  readonly method: 'exact' | 'normal'
}

/** The middle of the ratios of all pairs, and the extremes of them. */
export interface Shift {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * Additions that counting may take: hundredths of a second. It is enough for 30 rounds against 30, and, with
 * a thousand rounds at most, for all samples that can be dealt out in 200,000 ways or fewer.
 */
const COUNTING_MAX = 5_000_000

/**
 * Tests whether one sample tends to higher values than the other, by their ranks alone: nothing is
 * assumed of how the values are distributed, and one wild round does no more than be the last.
 *
 * Equal values share the mean of their ranks, and p then counts the arrangements of these very
 * ranks: with ties too it is exact, not that of a table for samples without.
 */
export function rankTest(a: readonly number[], b: readonly number[]): RankTest {
  if (a.length === 0 || b.length === 0) return { u: 0, p: 1, method: 'exact' }
  const { ranks, ties } = doubledRanks([...a, ...b])
  const ofA = sum(ranks.slice(0, a.length))
  const u = (ofA - a.length * (a.length + 1)) / 2
  // Ranks of A and ranks of B add up to a constant: the smaller sample has as much to tell, sooner.
  const size = Math.min(a.length, b.length)
  const ascending = ranks.toSorted((one, other) => one - other)
  const most = sum(ascending.slice(-size))
  if (ranks.length * size * most > COUNTING_MAX) {
    return { u, p: approximateP(u, a.length, b.length, ties), method: 'normal' }
  }
  const distance = Math.abs(ofA - a.length * (ranks.length + 1))
  const middle = size * (ranks.length + 1)
  const counts = countSums(ascending, size, most)
  const asFar = counts.filter((_count, total) => Math.abs(total - middle) >= distance)
  return { u, p: sum(asFar) / sum(counts), method: 'exact' }
}

/**
 * The least p that samples of these sizes can give, when all values of one are above all of the
 * other: that and its mirror image are 2 of C(n + m, n) arrangements.
 */
export function leastP(n: number, m: number): number {
  let arrangements = 1
  for (let index = 1; index <= n; index++) arrangements *= (m + index) / index
  return Math.min(1, 2 / arrangements)
}

/**
 * By how much B differs from A: the Hodges–Lehmann estimate, as a ratio. Null where there is none,
 * because something is zero, negative or missing.
 */
export function ratioShift(a: readonly number[], b: readonly number[]): Shift | null {
  const all = [...a, ...b]
  if (a.length === 0 || b.length === 0 || all.some((value) => !(value > 0))) return null
  const ratios = a.flatMap((before) => b.map((after) => after / before))
  const ascending = ratios.toSorted((one, other) => one - other)
  return { median: median(ratios), min: ascending[0]!, max: ascending.at(-1)! }
}

/**
 * Holm's correction of several p-values, in their order. Whoever looks at a hundred metrics sees
 * five below 0.05 where nothing has changed; of corrected ones there is any below it in at most
 * five runs of a hundred, whether or not the metrics depend on one another.
 *
 * With p(1) <= … <= p(k), the corrected p(i) is the largest of (k - j + 1) p(j) for j <= i, at
 * most 1.
 */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_value, index) => index).sort((x, y) => values[x]! - values[y]!)
  const corrected: number[] = new Array(values.length)
  let largest = 0
  for (const [place, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (values.length - place) * values[index]!))
    corrected[index] = largest
  }
  return corrected
}

/** Ranks in the order of the values, doubled: means of ranks stay whole, and sums of them exact. */
function doubledRanks(values: readonly number[]): { ranks: number[]; ties: number[] } {
  const order = values.map((_value, index) => index).sort((x, y) => values[x]! - values[y]!)
  const ranks: number[] = new Array(values.length)
  const ties: number[] = []
  for (let first = 0; first < order.length; ) {
    const value = values[order[first]!]
    let end = first + 1
    while (end < order.length && values[order[end]!] === value) end++
    // Ranks first + 1 to end; the mean of them, twice.
    for (const index of order.slice(first, end)) ranks[index] = first + 1 + end
    ties.push(end - first)
    first = end
  }
  return { ranks, ties }
}

/**
 * In how many ways `size` of the ranks have each sum, which is what all C(n + m, n) arrangements
 * come to. With c(i, k, s) for the choices of k among the first i ranks r(1) … r(i) with sum s:
 *
 *     c(0, 0, 0) = 1
 *     c(i, k, s) = c(i - 1, k, s) + c(i - 1, k - 1, s - r(i))
 *
 * since rank i is either left out or taken. One table serves all i: k descends, so that c(i - 1,
 * k - 1, …) is still there when c(i, k, …) is made. Without ties, r(i) = i, and this is the
 * distribution of the tables in books.
 */
function countSums(ranks: readonly number[], size: number, most: number): Float64Array {
  const counts = Array.from({ length: size + 1 }, () => new Float64Array(most + 1))
  counts[0]![0] = 1
  for (const [index, rank] of ranks.entries()) {
    for (let taken = Math.min(size, index + 1); taken >= 1; taken--) {
      const fewer = counts[taken - 1]!
      const same = counts[taken]!
      for (let total = rank; total <= most; total++) same[total]! += fewer[total - rank]!
    }
  }
  return counts[size]!
}

/**
 * By the normal distribution, corrected for ties, which narrow the distribution of U, and for
 * continuity, as U goes in steps. Its library has a table of the distribution too, but of four
 * digits, which is too coarse for what is multiplied by the number of metrics afterwards.
 */
function approximateP(u: number, n: number, m: number, ties: readonly number[]): number {
  const all = n + m
  const tied = sum(ties.map((count) => count ** 3 - count)) / (all * (all - 1))
  const variance = ((n * m) / 12) * (all + 1 - tied)
  if (!(variance > 0)) return 1
  const distance = Math.max(0, Math.abs(u - (n * m) / 2) - 0.5)
  return 1 - errorFunction(distance / Math.sqrt(2 * variance))
}

function sum(values: Iterable<number>): number {
  let total = 0
  for (const value of values) total += value
  return total
}
