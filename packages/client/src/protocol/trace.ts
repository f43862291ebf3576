/**
 * Tracing's words in the actor's header, and the memory that each client records into: one block of
 * float64 for each kind of operation, in it one histogram for each of METRICS.
 *
 *   histogram   0        1        2
 *              |sum     |max     |count of bucket 0 … BUCKETS - 1       |
 *
 * There is no operation 0: its block begins with TRACE_HELD (trace-record.ts), CACHED_READS and
 * CACHED_BYTES.
 *
 * The client alone writes there, its own thread; the actor reads it for statistics, and believes
 * nothing of it. Counts are float64 because at a million operations a second 32 bits last an hour.
 */
import { OPERATION_LIMIT } from './operations.ts'

/** The header's trace word: the level in two bits, and what else is wanted. */
export const TRACE_LEVEL = 3
/** Level: no clock is read for tracing. */
export const TRACE_OFF = 0
/** Level: histograms of every stage. */
export const TRACE_HISTOGRAM = 1
/** Level: histograms, and an event for each operation or a share of them. */
export const TRACE_SPAN = 2
/** Bit: every span is printed as a line too. */
export const TRACE_LOG = 4
/** Bit: every operation is recorded for a trace file. */
export const TRACE_RECORD = 8

/** What is kept of each operation, in microseconds; each has a histogram for each kind. */
export const METRICS = ['total', 'busy', 'idle', 'queue', 'batch', 'kernel', 'delivery'] as const
export type Metric = (typeof METRICS)[number]

/** Indices of METRICS. */
export const METRIC_TOTAL = 0
export const METRIC_BUSY = 1
export const METRIC_IDLE = 2
export const METRIC_QUEUE = 3
export const METRIC_BATCH = 4
export const METRIC_KERNEL = 5
export const METRIC_DELIVERY = 6

/** Buckets are this fine at the least, in units per microsecond: 62.5 nanoseconds. */
export const UNITS_PER_MICROSECOND = 16
/** Longer times count as this one, in units (134 s); sums and maxima are exact all the same. */
export const UNITS_MAX = 0x7fffffff
/** Each doubling of a time is cut into 32 buckets, so a bucket is at most 3.2 % wide. */
export const SUB_BUCKET_BITS = 5
export const BUCKETS = 864

export const HISTOGRAM_SUM = 0
export const HISTOGRAM_MAX = 1
export const HISTOGRAM_COUNTS = 2
export const HISTOGRAM_F64 = 868
export const KIND_F64: number = HISTOGRAM_F64 * METRICS.length

/** Bytes of a client's trace memory. Pages of kinds that never occur are never touched. */
export const TRACE_BYTES: number = OPERATION_LIMIT * KIND_F64 * 8

/** Indices of a Float64Array over trace memory: what the client has read from the page cache itself. */
export const CACHED_READS = 1
export const CACHED_BYTES = 2

/** Index, in a Float64Array over trace memory, of the histogram of one kind and metric. */
export function histogramAt(kind: number, metric: number): number {
  return kind * KIND_F64 + metric * HISTOGRAM_F64
}

/** The value that a client sends to the actor, on its control port, for a slow operation. */
export const SLOW_KIND = 'uring-actor:slow'
