import { createHistogram } from 'node:perf_hooks'
import { BLOCK_BYTES } from './block.ts'
import type { Outcome } from './job.ts'
import {
  type Failure,
  KINDS,
  type Kind,
  MISMATCHES_KEPT,
  type Mismatch,
  type RandomResult,
} from './shared.ts'

/** One kind of operation, all workers together. Times in microseconds. */
interface KindSummary {
  readonly count: number
  readonly operationsPerSecond: number
  readonly megabytesPerSecond: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Null when there were none. */
  readonly meanBusy: number | null
  readonly meanIdle: number | null
}

export interface Summary {
  /** How long the random phase really took. */
  readonly seconds: number
  readonly count: number
  readonly operationsPerSecond: number
  readonly kinds: Readonly<Record<Kind, KindSummary>>
  readonly zeroReads: number
  readonly mismatches: number
  readonly firstMismatches: readonly Mismatch[]
  readonly failure: Failure | null
}

/** Adds up what the workers did. */
export function summarize(outcome: Outcome): Summary {
  const random = outcome.random ?? []
  const began = Math.min(...random.map((result) => result.began))
  const ended = Math.max(...random.map((result) => result.ended))
  const seconds = random.length === 0 ? 0 : Math.max(0, ended - began) / 1000
  const kinds = {
    read: summarizeKind(random, 0, seconds),
    write: summarizeKind(random, 1, seconds),
    trim: summarizeKind(random, 2, seconds),
  }
  const count = KINDS.reduce((sum, kind) => sum + kinds[kind].count, 0)
  return {
    seconds,
    count,
    operationsPerSecond: perSecond(count, seconds),
    kinds,
    zeroReads: random.reduce((sum, result) => sum + result.zeroReads, 0),
    mismatches: outcome.phases.reduce((sum, phase) => sum + phase.mismatches, 0),
    firstMismatches: outcome.phases.flatMap((phase) => phase.first).slice(0, MISMATCHES_KEPT),
    failure: outcome.phases.find((phase) => phase.failure !== null)?.failure ?? null,
  }
}

function summarizeKind(random: RandomResult[], kind: number, seconds: number): KindSummary {
  const latency = createHistogram()
  let count = 0
  let busyMicros = 0
  let idleMicros = 0
  for (const { kinds } of random) {
    const result = kinds[kind]!
    if (result.count > 0) latency.add(result.latency)
    count += result.count
    busyMicros += result.busyMicros
    idleMicros += result.idleMicros
  }
  const micros = (percentile: number) => (count === 0 ? 0 : latency.percentile(percentile) / 1000)
  const counted = busyMicros + idleMicros > 0
  return {
    count,
    operationsPerSecond: perSecond(count, seconds),
    megabytesPerSecond: perSecond(count * BLOCK_BYTES, seconds) / 1e6,
    p50: micros(50),
    p99: micros(99),
    p999: micros(99.9),
    meanBusy: counted ? busyMicros / count : null,
    meanIdle: counted ? idleMicros / count : null,
  }
}

function perSecond(amount: number, seconds: number): number {
  return seconds === 0 ? 0 : amount / seconds
}
