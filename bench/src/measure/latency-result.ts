import { bucketBegin, bucketMiddle } from '@uring-actor/client/internal'
import { METRIC_KEYS, type Sample } from '../comparison.ts'
import type { LatencyOverTime, LatencyResult } from '../results/results.ts'
import { BUCKETS_PER_ROW, type RawLatency, SLOTS } from './latency-recorder.ts'

const SHARES = {
  [METRIC_KEYS.p50]: 0.5,
  [METRIC_KEYS.p90]: 0.9,
  [METRIC_KEYS.p99]: 0.99,
  [METRIC_KEYS.p999]: 0.999,
  [METRIC_KEYS.p9999]: 0.9999,
} as const

/** The percentiles of one round, and its longest operation, in microseconds. */
export function percentiles({ maxMicros, buckets }: RawLatency): Sample {
  const count = buckets.reduce((sum, [, operations]) => sum + operations, 0)
  const at = (share: number): number => {
    let below = 0
    for (const [bucket, operations] of buckets) {
      below += operations
      if (below >= share * count) return Math.min(maxMicros, bucketMiddle(bucket))
    }
    return maxMicros
  }
  const found = Object.entries(SHARES).map(([key, share]) => [key, at(share)] as const)
  return { ...Object.fromEntries(found), [METRIC_KEYS.max]: maxMicros }
}

/** Puts the rounds of a case together: their operations as one, their times behind one another. */
export function latencyResult(rounds: readonly RawLatency[], seconds: number): LatencyResult {
  const counts = new Map<number, number>()
  for (const { buckets } of rounds) {
    for (const [bucket, count] of buckets) counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  }
  const sorted = [...counts].sort(([a], [b]) => a - b)
  return {
    count: sorted.reduce((sum, [, count]) => sum + count, 0),
    maxMicros: Math.max(...rounds.map(({ maxMicros }) => maxMicros)),
    distribution: sorted.map(([bucket, count]) => [rounded(bucketMiddle(bucket)), count] as const),
    overTime: overTime(rounds, seconds),
  }
}

function overTime(rounds: readonly RawLatency[], seconds: number): LatencyOverTime {
  const all = rounds.flatMap((round, index) =>
    round.overTime.map(([slot, row, count]) => [index * SLOTS + slot, row, count] as const),
  )
  const slotMillis = (seconds * 1000) / SLOTS
  const slots = rounds.length * SLOTS
  // Empty where no program has told when its operations were.
  if (all.length === 0) return { slotMillis, slots, edgesMicros: [], counts: [] }
  // Only the rows that are not empty, and those between them.
  const rows = all.map(([, row]) => row)
  const first = Math.min(...rows)
  const last = Math.max(...rows)
  const edges = Array.from({ length: last - first + 2 }, (_, row) =>
    bucketBegin((first + row) * BUCKETS_PER_ROW),
  )
  return {
    slotMillis,
    slots,
    edgesMicros: edges.map(rounded),
    counts: all.map(([slot, row, count]) => [slot, row - first, count] as const),
  }
}

/** Nobody needs sixteen digits of a bucket. */
function rounded(micros: number): number {
  return Number(micros.toPrecision(6))
}
