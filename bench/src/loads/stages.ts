import type { Distribution, OperationLatency } from '@uring-actor/client'
import { METRIC_KEYS, type Sample } from '../comparison.ts'

/** Stages of an operation as tracing tells them, in the order in which they are passed through. */
const STAGES = ['queue', 'batch', 'kernel', 'delivery'] as const
const SUMS = [...STAGES, 'busy', 'idle'] as const

/** Operations, and the sum of their times in microseconds. */
export type StageSums = Readonly<Record<(typeof SUMS)[number] | 'operations', number>>

/** Sums over all kinds of operations; of those since `before`, when it is given. */
export function stageSums(
  latency: Readonly<Record<string, OperationLatency>>,
  before: StageSums | null = null,
): StageSums {
  const kinds = Object.values(latency)
  const sumOf = (metric: (typeof SUMS)[number]) =>
    kinds.reduce((sum, kind) => sum + total(kind[metric]), -(before?.[metric] ?? 0))
  const operations = kinds.reduce((sum, { total: all }) => sum + all.count, 0)
  const sums = Object.fromEntries(SUMS.map((metric) => [metric, sumOf(metric)]))
  return { ...sums, operations: operations - (before?.operations ?? 0) } as StageSums
}

/** Means of all threads' operations, in microseconds; nothing when there are none. */
export function meanStages(threads: readonly StageSums[]): Sample {
  const operations = threads.reduce((sum, thread) => sum + thread.operations, 0)
  if (operations === 0) return {}
  const mean = (metric: (typeof SUMS)[number]) =>
    threads.reduce((sum, thread) => sum + thread[metric], 0) / operations
  const stages = STAGES.map((stage) => [METRIC_KEYS[stage], mean(stage)] as const)
  return { ...Object.fromEntries(stages), busyMicros: mean('busy'), idleMicros: mean('idle') }
}

function total({ mean, count }: Distribution): number {
  return mean * count
}
