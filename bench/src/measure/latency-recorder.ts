import { bucketOf } from '@uring-actor/client/internal'
import { BUCKETS, UNITS_MAX, UNITS_PER_MICROSECOND } from '@uring-actor/client/protocol'

/** Parts that the measured time is cut into. */
export const SLOTS = 40
/** Over time it is eight buckets to a row: four rows to each doubling. */
export const BUCKETS_PER_ROW = 8
const ROW_SHIFT = 3
const ROWS: number = BUCKETS >> ROW_SHIFT

/** What a recorder holds, as plain values; a C program of ours prints the same. */
export interface RawLatency {
  readonly maxMicros: number
  readonly buckets: ReadonlyArray<readonly [bucket: number, count: number]>
  readonly overTime: ReadonlyArray<readonly [slot: number, row: number, count: number]>
}

/**
 * How long operations take, and when: in the buckets that tracing has (at most 3.2 % wide). Node's own
 * histogram tells percentiles, but not the counts from which rounds and threads are put together.
 */
export class LatencyRecorder {
  count = 0
  #maxMicros = 0
  #began = 0
  #slotsPerMilli = 0
  readonly #buckets = new Float64Array(BUCKETS)
  readonly #overTime = new Float64Array(SLOTS * ROWS)

  /** The measured time begins at `began`, in milliseconds of performance.now(). */
  begin(began: number, seconds: number): void {
    this.#began = began
    this.#slotsPerMilli = SLOTS / (seconds * 1000)
  }

  /** Counts an operation, from its call to its result; both in milliseconds of performance.now(). */
  record(began: number, ended: number): void {
    const micros = (ended - began) * 1000
    const units = micros * UNITS_PER_MICROSECOND
    const bucket = bucketOf(units < UNITS_MAX ? units | 0 : UNITS_MAX)
    const slot = Math.min(SLOTS - 1, ((ended - this.#began) * this.#slotsPerMilli) | 0)
    this.count++
    this.#buckets[bucket]!++
    this.#overTime[slot * ROWS + (bucket >> ROW_SHIFT)]!++
    if (micros > this.#maxMicros) this.#maxMicros = micros
  }

  /** Adds what another one recorded of the same time. */
  add({ maxMicros, buckets, overTime }: RawLatency): void {
    for (const [bucket, count] of buckets) {
      this.#buckets[bucket]! += count
      this.count += count
    }
    for (const [slot, row, count] of overTime) this.#overTime[slot * ROWS + row]! += count
    this.#maxMicros = Math.max(this.#maxMicros, maxMicros)
  }

  raw(): RawLatency {
    const buckets: Array<[number, number]> = []
    for (const [bucket, count] of this.#buckets.entries()) {
      if (count > 0) buckets.push([bucket, count])
    }
    const overTime: Array<[number, number, number]> = []
    for (const [at, count] of this.#overTime.entries()) {
      if (count > 0) overTime.push([Math.floor(at / ROWS), at % ROWS, count])
    }
    return { maxMicros: this.#maxMicros, buckets, overTime }
  }
}
