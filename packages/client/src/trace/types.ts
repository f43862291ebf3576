import type { Metric } from '../protocol/index.ts'
import type { Distribution } from './histogram.ts'

/** How much is traced: see docs/tracing.md. */
export type TraceLevel = 'off' | 'histogram' | 'span'

/** What is to be traced. A level alone stands for `{ level }`. */
export interface TraceOptions {
  level: TraceLevel
  /** At 'span': the share of operations that are published, 0 < sample <= 1. Default 1. */
  sample?: number
  /** At 'span': each published operation is printed to stderr too, as a line. Default false. */
  log?: boolean
}

/** What one kind of operation came to. Times are in microseconds. */
export interface OperationStats {
  /** Completed, and those of them with an error. */
  readonly count: number
  readonly errors: number
  /** How many with which error, by the code that node:fs gives it. */
  readonly errorCodes: Readonly<Record<string, number>>
  /** Bytes that reads and writes have transferred. */
  readonly bytes: number
  /** Bytes per second since the client connected, or the actor started, in millions. */
  readonly megabytesPerSecond: number
  /** From the call to the delivery of its result: queue + batch + kernel + delivery. */
  readonly total: Distribution
  /** Time that our code spent on it, on the client's thread and the actor's. */
  readonly busy: Distribution
  /** The rest: total - busy. */
  readonly idle: Distribution
  /** From the call until the actor took it. */
  readonly queue: Distribution
  /** From there until it was submitted to the kernel. */
  readonly batch: Distribution
  /** From there until the actor had its completion. */
  readonly kernel: Distribution
  /** From there until the client settled it. */
  readonly delivery: Distribution
}

/**
 * The stages of one operation, in microseconds; queue + batch + kernel + delivery = total. Operations with the
 * same ones may share the object.
 */
export type Stages = Readonly<Record<Metric, number>>

/** What an operation is about. What is not known yet, or has no meaning for it, is undefined. */
export interface OperationFacts {
  /** `read`, `write`, `fsync` …: as `syscall` in the errors of node:fs. */
  readonly operation: string
  /** The thread that called. */
  readonly threadId: number
  /** The path that the file was opened with, or that is to be opened; undefined without a file. */
  readonly file: string | undefined
  /** In bytes; undefined for operations without, null for the file's own position. */
  readonly position: number | null | undefined
  readonly length: number | undefined
  /** When it was called, in milliseconds since the epoch, to a fraction of a microsecond. */
  readonly startTime: number
}

/**
 * One operation as the channels `tracing:uring-actor:operation:*` of node:diagnostics_channel have
 * it: one object from start to end.
 */
export interface OperationSpan extends OperationFacts {
  /** Bytes transferred; 0 for other operations. */
  result: number | undefined
  /** The error of node:fs's shape that it has failed with. */
  error: Error | undefined
  /** True when a blocking call waits for it: then only start, error and end are published. */
  readonly blocking: boolean
  /** Set when its result is delivered; undefined when it is lost, for `error` then tells why. */
  stages: Stages | undefined
}

/** An operation that took longer than `slowOperationMs`. */
export interface SlowOperation extends OperationFacts {
  /** The code of its error, as node:fs gives it; undefined when it has succeeded. */
  readonly errorCode: string | undefined
  readonly stages: Stages
  /** Which of the four stages took longest: the queue, the batch, the kernel or the delivery. */
  readonly slowest: 'queue' | 'batch' | 'kernel' | 'delivery'
  /** Slow operations of this client that were not told of since the last one: there were too many. */
  readonly untold: number
}

/** The name for diagnostics_channel.tracingChannel(). */
export const TRACING_CHANNEL = 'uring-actor:operation'
