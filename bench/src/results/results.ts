import type { Metric } from '../comparison.ts'
import type { Machine, Noise } from '../machine.ts'
import type { FigureResult, Summary } from '../statistics.ts'

/** The format of `results.json`; another number, another format. */
export const RESULTS_FORMAT = 1

/** All that one run measured, and on what: `results.json`. */
export interface Results {
  readonly format: typeof RESULTS_FORMAT
  readonly machine: Machine
  readonly options: ResultOptions
  /** What was compared with, in the order of the command line's help. */
  readonly programs: readonly ProgramVersion[]
  readonly comparisons: readonly ComparisonResult[]
}

export interface ResultOptions {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly rounds: number
  readonly seconds: number
  readonly files: number
  /** Bytes of each file. */
  readonly size: number
  /** Path of the first. */
  readonly file: string
}

/** A program outside this repository that peers are made of. */
export interface ProgramVersion {
  readonly name: string
  /** Null when it is not installed. */
  readonly version: string | null
  /** How it is installed, as a line for a shell; null when there is nothing to install. */
  readonly install: string | null
}

export interface Round extends Noise {
  /** Others had so much of the CPUs that the figures of this round are doubtful. */
  readonly noisy: boolean
}

/** What the cases of a comparison do; charts put comparisons that differ in one of these on an axis. */
export interface Workload {
  /** As in 'random reads'. */
  readonly operation: string
  readonly cache: 'warm' | 'cold' | 'direct'
  /** Operations in flight, of all workers together. */
  readonly inFlight: number
  /** Threads that post; 1 is the main thread alone. */
  readonly workers: number
  readonly blockBytes: number
  readonly files: number
}

export interface ComparisonResult {
  /** As `--only` takes it. */
  readonly name: string
  readonly title: string
  /** Null when it is of another kind than a load on a file. */
  readonly workload: Workload | null
  /** The columns of its table. Cases may have measured more. */
  readonly metrics: readonly Metric[]
  readonly cases: readonly CaseResult[]
  readonly figures: readonly FigureResult[]
  readonly rounds: readonly Round[]
  /** Lowest share of the file that the page cache held when a case of a warm comparison began. */
  readonly warmShare: number | null
}

/** One case's samples of all rounds; `missing` or `failed` says why there are none. */
export interface CaseResult {
  readonly name: string
  /** Ours, what is compared with, or the limit: what the machine can do without Node. */
  readonly role: CaseRole
  /** Why it could not run here. */
  readonly missing: string | null
  /** What went wrong when it ran. */
  readonly failed: string | null
  /** By key of the metric: see METRIC_KEYS in comparison.ts for those that charts know. */
  readonly metrics: Readonly<Record<string, Summary>>
  /** How long the operations took; null where they were not timed one by one. */
  readonly latency: LatencyResult | null
}

export type CaseRole = 'ours' | 'peer' | 'limit'

/** Latencies of single operations, in microseconds, of all rounds. */
export interface LatencyResult {
  readonly count: number
  /** Exact. */
  readonly maxMicros: number
  /** The middle of a bucket in microseconds and the operations in it; ascending, no empty one. */
  readonly distribution: ReadonlyArray<readonly [micros: number, count: number]>
  readonly overTime: LatencyOverTime
}

/**
 * A heat map: the rounds stand behind one another, each as long as the others. Empty for programs that
 * do not tell when an operation was.
 */
export interface LatencyOverTime {
  readonly slotMillis: number
  readonly slots: number
  /** Edges of the rows in microseconds, ascending: row n is from n to n + 1. */
  readonly edgesMicros: readonly number[]
  /** Operations that completed in a slot of time, by row; only where there are any. */
  readonly counts: ReadonlyArray<readonly [slot: number, row: number, count: number]>
}
