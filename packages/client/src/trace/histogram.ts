import {
  BUCKETS,
  HISTOGRAM_COUNTS,
  HISTOGRAM_F64,
  HISTOGRAM_MAX,
  HISTOGRAM_SUM,
  SUB_BUCKET_BITS,
  UNITS_MAX,
  UNITS_PER_MICROSECOND,
} from '../protocol/index.ts'

/**
 * Histograms of times, logarithmic with linear sub-buckets as HdrHistogram has them, at a place in
 * a Float64Array: node's own takes a call into C++ for each value, and cannot lie in shared memory.
 */

/** How times are distributed, in microseconds. Percentiles are within 1.6 % of the true ones. */
export interface Distribution {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

const SUB_BUCKETS = 1 << SUB_BUCKET_BITS

/** Bucket of a time in units, 0 <= units <= UNITS_MAX. */
export function bucketOf(units: number): number {
  if (units < SUB_BUCKETS) return units
  const shift = 31 - Math.clz32(units) - SUB_BUCKET_BITS
  return ((shift + 1) << SUB_BUCKET_BITS) + ((units >> shift) & (SUB_BUCKETS - 1))
}

/** Where a bucket begins, in microseconds; the one before it ends there. */
export function bucketBegin(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket / UNITS_PER_MICROSECOND
  const shift = (bucket >> SUB_BUCKET_BITS) - 1
  return ((SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1))) * 2 ** shift) / UNITS_PER_MICROSECOND
}

/** Middle of a bucket, in microseconds. */
export function bucketMiddle(bucket: number): number {
  return (bucketBegin(bucket) + bucketBegin(bucket + 1)) / 2
}

/**
 * Counts the time at `index` of `values`, in microseconds, not negative, `times` times in the histogram
 * at `at`. It is not handed on itself: V8 makes an object of each argument that has a fraction.
 */
export function addFrom(
  memory: Float64Array,
  at: number,
  values: Float64Array,
  index: number,
  times: number,
): void {
  const micros = values[index]
  const exact = micros * UNITS_PER_MICROSECOND
  const units = exact < UNITS_MAX ? exact | 0 : UNITS_MAX
  memory[at + HISTOGRAM_SUM] += micros * times
  if (micros > memory[at + HISTOGRAM_MAX]) memory[at + HISTOGRAM_MAX] = micros
  memory[at + HISTOGRAM_COUNTS + bucketOf(units)] += times
}

const oneTime: Float64Array = new Float64Array(1)

/** Counts one time of so many microseconds, not negative, in the histogram at `at`. */
export function addTo(memory: Float64Array, at: number, micros: number): void {
  oneTime[0] = micros
  addFrom(memory, at, oneTime, 0, 1)
}

/** A number of ours, or of somebody who may have written anything there. */
function believable(value: number): number {
  return value > 0 && value <= Number.MAX_SAFE_INTEGER ? value : 0
}

/** Adds `histograms` of them, one after the other, to those at `to`; `sign` -1 takes them away. */
export function addHistograms(
  to: Float64Array,
  toAt: number,
  from: Float64Array,
  fromAt: number,
  histograms: number,
  sign: 1 | -1 = 1,
): void {
  for (let histogram = 0; histogram < histograms; histogram++) {
    const target = toAt + histogram * HISTOGRAM_F64
    const source = fromAt + histogram * HISTOGRAM_F64
    to[target + HISTOGRAM_SUM] += sign * believable(from[source + HISTOGRAM_SUM])
    const max = believable(from[source + HISTOGRAM_MAX])
    // What was the highest before is not known once it is taken away: the highest stays.
    if (max > to[target + HISTOGRAM_MAX]) to[target + HISTOGRAM_MAX] = max
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = from[source + HISTOGRAM_COUNTS + bucket]
      if (count !== 0) to[target + HISTOGRAM_COUNTS + bucket] += sign * believable(count)
    }
  }
}

/** How many times the histogram at `at` has. */
export function countAt(memory: Float64Array, at: number): number {
  let count = 0
  const first = at + HISTOGRAM_COUNTS
  for (let bucket = 0; bucket < BUCKETS; bucket++) count += believable(memory[first + bucket])
  return count
}

/** The distribution of the histogram at `at`. */
export function distributionAt(memory: Float64Array, at: number): Distribution {
  const count = countAt(memory, at)
  if (count === 0) return NOTHING
  const max = believable(memory[at + HISTOGRAM_MAX])
  const wanted = [0.5, 0.9, 0.99, 0.999]
  const found = [max, max, max, max]
  let next = 0
  let below = 0
  for (let bucket = 0; bucket < BUCKETS && next < wanted.length; bucket++) {
    below += believable(memory[at + HISTOGRAM_COUNTS + bucket])
    while (next < wanted.length && below >= wanted[next] * count) {
      found[next] = Math.min(max, bucketMiddle(bucket))
      next++
    }
  }
  const [p50, p90, p99, p999] = found
  // Where counts are made up, a mean beyond every time, or beyond all numbers, could come of them.
  const mean = Math.min(max, believable(memory[at + HISTOGRAM_SUM]) / count)
  return { count, mean, p50, p90, p99, p999, max }
}

const NOTHING: Distribution = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
