import {
  COMPLETION_BUSY_F64,
  COMPLETION_COMPLETED_F64,
  COMPLETION_SUBMITTED_F64,
  COMPLETION_TAKEN_F64,
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  doublesOf,
  HISTOGRAM_F64,
  KIND_F64,
  METRIC_BATCH,
  METRIC_BUSY,
  METRIC_DELIVERY,
  METRIC_IDLE,
  METRIC_KERNEL,
  METRIC_QUEUE,
  METRIC_TOTAL,
  METRICS,
  nowMicros,
  OPERATION_DETACH,
  OPERATION_LIMIT,
  OPERATION_NAMES,
  sharedPages,
  storeMicros,
  TRACE_BYTES,
} from '../protocol/index.ts'
import { addFrom, countAt, type Distribution, distributionAt } from './histogram.ts'
import type { Completions, PostedOperations } from './traced.ts'
import type { Stages } from './types.ts'

/** A share of a batch that took longer than this, in microseconds, had the scheduler in it. */
const LONGEST_SHARE = 50
/** The time that a delivery takes is taken of one of so many batches. */
const SAMPLED_BATCHES = 8

/**
 * Of the first operation of those that are alike: its times in order, and up to which time another one
 * that was posted has all but its total, idle time and queue in common with it.
 */
const FIRST_TAKEN = 0
const FIRST_SUBMITTED = 1
const FIRST_COMPLETED = 2
const FIRST_BUSY = 3
const FIRST_DELIVERED = 4
const FIRST_BEFORE = 5
/** And when the last one of them was posted. */
const FIRST_POSTED = 6
const FIRST_F64 = 7

/**
 * Records where the time of this client's operations went. The five moments of an operation are
 * put in order before anything is made of them, for clocks of two threads may differ by a
 * microsecond:
 *
 *   posted <= taken <= submitted <= completed <= delivered
 *   queue + batch + kernel + delivery = total,   busy + idle = total,   none of them negative
 */
export class Recorder {
  readonly memory: SharedArrayBuffer = sharedPages(TRACE_BYTES)
  /** One number: when the batch is delivered that is recorded now, in microseconds. */
  readonly now: Float64Array = new Float64Array(1)
  /**
   * The times of the operation recorded last, by METRIC_TOTAL and so on, in microseconds. In an array,
   * because V8 makes an object of each number that has a fraction and is stored in a field.
   */
  readonly last: Float64Array = new Float64Array(METRICS.length)
  readonly #times: Float64Array = doublesOf(this.memory)
  readonly #first: Float64Array = new Float64Array(FIRST_F64)
  /**
   * Kind of the operation recorded last; how many have its stages but for the queue, and how many of
   * those all of its times, that stand in no histogram yet.
   */
  #kind = 0
  #alike = 0
  #same = 0
  /** One number: when the posting began whose time is taken, in microseconds. */
  readonly #sample: Float64Array = new Float64Array(1)
  #batches = 0
  #stages: Stages | null = null
  /** Microseconds that a post and a delivery take, smoothed. */
  #postShare = 0.3
  #deliveryShare = 0.3

  /** A posting begins whose time is taken. */
  posting(): void {
    storeMicros(this.#sample, 0)
  }

  /** It was written into the channel. */
  posted(): void {
    const micros = nowMicros() - this.#sample[0]
    if (micros < LONGEST_SHARE) this.#postShare += (micros - this.#postShare) / 16
  }

  /** A batch of so many completions was delivered. */
  delivered(count: number): void {
    this.flush()
    if (++this.#batches < SAMPLED_BATCHES) return
    this.#batches = 0
    const share = (nowMicros() - this.now[0]) / count
    if (share < LONGEST_SHARE) this.#deliveryShare += (share - this.#deliveryShare) / 16
  }

  /** Records a batch of so many completions, delivered `now`; one that is nobody's is for others to judge. */
  recordAll(
    count: number,
    completions: Completions,
    operations: PostedOperations,
    calls: Float64Array,
  ): void {
    const { words, times } = completions
    for (let index = 0; index < count; index++) {
      const at = completions.wordOf(index)
      const operation = operations.expected(
        words[at + COMPLETION_USER_LOW],
        words[at + COMPLETION_USER_HIGH],
      )
      if (operation === null) return
      const { kind, slot } = operation
      if (isRecorded(kind, calls, slot)) this.record(kind, calls, slot, times, at >> 1)
    }
  }

  /**
   * Records one completion, which is delivered `now`, and whose times stand at `at` of `times`: no
   * time is an argument, because V8 makes an object of each that is.
   */
  record(kind: number, calls: Float64Array, slot: number, times: Float64Array, at: number): void {
    const first = this.#first
    const posted = calls[slot]
    if (
      this.#alike > 0 &&
      kind === this.#kind &&
      times[at + COMPLETION_TAKEN_F64] === first[FIRST_TAKEN] &&
      times[at + COMPLETION_SUBMITTED_F64] === first[FIRST_SUBMITTED] &&
      times[at + COMPLETION_COMPLETED_F64] === first[FIRST_COMPLETED] &&
      times[at + COMPLETION_BUSY_F64] === first[FIRST_BUSY] &&
      posted <= first[FIRST_BEFORE]
    ) {
      if (posted !== first[FIRST_POSTED]) this.#postedOtherwise(calls, slot)
    } else {
      this.#recordFirst(kind, calls, slot, times, at)
    }
    this.#alike++
    this.#same++
  }

  /** One that has another posted time than the one before, and nothing else. */
  #postedOtherwise(calls: Float64Array, slot: number): void {
    this.#flushSame()
    this.#stages = null
    const first = this.#first
    const { last } = this
    const posted = calls[slot]
    first[FIRST_POSTED] = posted
    last[METRIC_TOTAL] = first[FIRST_DELIVERED] - posted
    last[METRIC_IDLE] = last[METRIC_TOTAL] - last[METRIC_BUSY]
    last[METRIC_QUEUE] = first[FIRST_TAKEN] - posted
  }

  /** The first of those that may be alike. */
  #recordFirst(
    kind: number,
    calls: Float64Array,
    slot: number,
    times: Float64Array,
    at: number,
  ): void {
    this.flush()
    this.#stages = null
    const first = this.#first
    const { last } = this
    const posted = calls[slot]
    const taken = Math.max(times[at + COMPLETION_TAKEN_F64], posted)
    const submitted = Math.max(times[at + COMPLETION_SUBMITTED_F64], taken)
    const completed = Math.max(times[at + COMPLETION_COMPLETED_F64], submitted)
    const delivered = Math.max(this.now[0], completed)
    const total = delivered - posted
    const ours = times[at + COMPLETION_BUSY_F64] + this.#postShare + this.#deliveryShare
    const busy = Math.min(ours, total)
    this.#kind = kind
    last[METRIC_TOTAL] = total
    last[METRIC_BUSY] = busy
    last[METRIC_IDLE] = total - busy
    last[METRIC_QUEUE] = taken - posted
    last[METRIC_BATCH] = submitted - taken
    last[METRIC_KERNEL] = completed - submitted
    last[METRIC_DELIVERY] = delivered - completed
    first[FIRST_TAKEN] = taken
    first[FIRST_SUBMITTED] = submitted
    first[FIRST_COMPLETED] = completed
    first[FIRST_BUSY] = times[at + COMPLETION_BUSY_F64]
    first[FIRST_POSTED] = posted
    first[FIRST_DELIVERED] = delivered
    // Where its total was too short for what we did, none has its busy time.
    first[FIRST_BEFORE] =
      ours <= total ? Math.min(taken, delivered - ours) : Number.NEGATIVE_INFINITY
  }

  /** Records operations whose times are all the same: called and done together. */
  #flushSame(): void {
    const same = this.#same
    if (same === 0) return
    this.#same = 0
    this.#count(METRIC_TOTAL, same)
    this.#count(METRIC_IDLE, same)
    this.#count(METRIC_QUEUE, same)
  }

  /**
   * Records what the last operations had alike: those of a batch were submitted, completed and
   * delivered together, so they are counted together. Call it when a batch was delivered.
   */
  flush(): void {
    const alike = this.#alike
    if (alike === 0) return
    this.#flushSame()
    this.#alike = 0
    this.#count(METRIC_BUSY, alike)
    this.#count(METRIC_BATCH, alike)
    this.#count(METRIC_KERNEL, alike)
    this.#count(METRIC_DELIVERY, alike)
  }

  /** Counts one of the last operation's times for so many operations. */
  #count(metric: number, times: number): void {
    const { last } = this
    addFrom(this.#times, this.#kind * KIND_F64 + metric * HISTOGRAM_F64, last, metric, times)
  }

  /** The stages of the operation recorded last; others with the same times have the same object. */
  stages(): Stages {
    if (this.#stages !== null) return this.#stages
    const { last } = this
    this.#stages = {
      total: last[METRIC_TOTAL],
      busy: last[METRIC_BUSY],
      idle: last[METRIC_IDLE],
      queue: last[METRIC_QUEUE],
      batch: last[METRIC_BATCH],
      kernel: last[METRIC_KERNEL],
      delivery: last[METRIC_DELIVERY],
    }
    return this.#stages
  }

  /** What was delivered so far, by the operation's name; only kinds that occurred. */
  latency(): Record<string, OperationLatency> {
    const kinds: Record<string, OperationLatency> = {}
    for (let kind = 1; kind < OPERATION_LIMIT; kind++) {
      if (countAt(this.#times, kind * KIND_F64) === 0) continue
      kinds[OPERATION_NAMES[kind]] = latencyAt(this.#times, kind)
    }
    return kinds
  }
}

/** Whether an operation is recorded: it is a caller's, and was when it was posted. */
export function isRecorded(kind: number, calls: Float64Array, slot: number): boolean {
  return kind !== OPERATION_DETACH && calls[slot] !== 0
}

/** Distributions of the times of one kind of operation, in microseconds: see OperationStats. */
export type OperationLatency = Readonly<Record<(typeof METRICS)[number], Distribution>>

/** All distributions of one kind in trace memory. */
export function latencyAt(memory: Float64Array, kind: number): OperationLatency {
  const entries = METRICS.map((metric, index) => {
    return [metric, distributionAt(memory, kind * KIND_F64 + index * HISTOGRAM_F64)]
  })
  return Object.fromEntries(entries) as OperationLatency
}
