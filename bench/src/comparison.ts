import type { LatencyRecorder } from './measure/latency-recorder.ts'
import type { CaseRole, Workload } from './results/results.ts'

/** What a case is told when it runs. */
export interface CaseInput {
  /** The first of the files. */
  readonly file: string
  /** All of them, `size` bytes each. Their first blocks are not to be written. */
  readonly files: readonly string[]
  readonly size: number
  /** A folder on the same disk for what a case makes; who ends the case removes it. */
  readonly scratch: string
  /** How long to measure. */
  readonly seconds: number
  /** A smoke run: what takes a fixed time is cut short too. */
  readonly quick: boolean
}

/** What one run of a case measured, by metric. */
export type Sample = Readonly<Record<string, number>>

/** One thing that is measured, in a process of its own. */
export interface Case {
  readonly name: string
  /** What it is to the others; 'peer' unless told. */
  readonly role?: CaseRole
  /** A case that times its operations one by one records them; percentiles are taken from that. */
  run(input: CaseInput, latency: LatencyRecorder): Sample | Promise<Sample>
  /** Threads of libuv's pool in its process; Node's own number, 4, unless told. */
  readonly threadPool?: number
  /** Why it cannot run here, in one line; null when it can. */
  missing?(input: CaseInput): string | null
}

export interface Metric {
  readonly key: string
  /** Heading of its column, with the unit. */
  readonly label: string
  readonly digits: number
}

/**
 * A figure drawn from the samples, with the bound that the project has set for it, if any. `ratio`
 * and `difference` are of the same round's samples: the machine changes less within a round than
 * from one to the next.
 */
export interface Figure {
  readonly label: string
  readonly how: 'ratio' | 'difference' | 'value'
  readonly metric: string
  readonly of: string
  readonly against?: string
  readonly atLeast?: number
  readonly atMost?: number
}

/** Cases that are measured side by side, in alternating rounds. */
export interface Comparison {
  readonly title: string
  readonly workload?: Omit<Workload, 'files'>
  /** Files that are made for it, each a part of what one of the others holds; else it has those. */
  readonly fileCount?: number
  /**
   * Whether the page cache holds the file when a case begins, as one that was read ahead or, the first
   * file only, as one that was written block by block; null when it needs none.
   */
  readonly file: 'warm' | 'written' | 'cold' | null
  /**
   * Its cases call the collector. Only they run with --expose-gc: with it node does not take its
   * built-in modules from its code cache, and each thread starts tens of milliseconds later.
   */
  readonly collects?: boolean
  readonly metrics: readonly Metric[]
  readonly cases: readonly Case[]
  readonly figures: readonly Figure[]
}

/**
 * Metrics that the report draws, where a case has measured them. Latencies are percentiles of single
 * operations in microseconds, from the call to its result; CPU times are the whole process's.
 */
export const METRIC_KEYS = {
  operationsPerSecond: 'operationsPerSecond',
  bytesPerSecond: 'bytesPerSecond',
  cpuMicros: 'cpuMicros',
  userMicros: 'userMicros',
  systemMicros: 'systemMicros',
  rssMiB: 'rssMiB',
  contextSwitches: 'contextSwitchesPerOperation',
  p50: 'p50Micros',
  p90: 'p90Micros',
  p99: 'p99Micros',
  p999: 'p999Micros',
  p9999: 'p9999Micros',
  max: 'maxMicros',
  queue: 'queueMicros',
  batch: 'batchMicros',
  kernel: 'kernelMicros',
  delivery: 'deliveryMicros',
} as const

export const OPERATIONS: Metric = { key: 'operationsPerSecond', label: 'ops/s', digits: 0 }
export const CPU: Metric = { key: 'cpuMicros', label: 'CPU µs/op', digits: 2 }
/** What tracing says of an operation of ours; others do not tell. */
export const BUSY: Metric = { key: 'busyMicros', label: 'busy, µs', digits: 2 }
export const IDLE: Metric = { key: 'idleMicros', label: 'idle, µs', digits: 1 }
/** From a case's last result to the end of its process; the runner adds it to every sample. */
export const EXIT: Metric = { key: 'exitMillis', label: 'result to exit, ms', digits: 1 }
