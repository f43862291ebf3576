import { addHistograms, distributionAt } from '@uring-actor/client/internal'
import {
  HISTOGRAM_F64,
  HISTOGRAM_SUM,
  histogramAt,
  METRIC_BUSY,
  METRIC_IDLE,
  METRIC_TOTAL,
  OPERATION_LIMIT,
  OPERATION_READ,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { Figures } from './snapshot.ts'

/** What is counted for a client, and what it has traced itself: a Channel has all of it. */
export interface Counted {
  readonly completed: number
  readonly errors: number
  readonly counts: { readonly completed: Float64Array; readonly bytes: Float64Array }
  /** Trace memory, in which a client may have written anything; null when there is none. */
  readonly trace: Float64Array | null
}

/** How far operations have been taken from one channel or from several. */
export interface Taken {
  readonly inFlight: number
  readonly taken: number
  readonly turns: number
}

/** A histogram of total times in a place of its own. */
const TOTAL_AT = 0
/** What is between two of them, for as long as it is looked at. */
const BETWEEN: Float64Array = new Float64Array(HISTOGRAM_F64)

/** Counters, and the times of all kinds of operations together, at one moment. */
export class Reading {
  operations = 0
  errors = 0
  bytesRead = 0
  bytesWritten = 0
  inFlight = 0
  taken = 0
  turns = 0
  busyMicros = 0
  idleMicros = 0
  readonly total: Float64Array = new Float64Array(HISTOGRAM_F64)

  static of(counted: Counted, taken: Taken): Reading {
    const reading = new Reading()
    reading.add(counted)
    reading.inFlight = taken.inFlight
    reading.taken = taken.taken
    reading.turns = taken.turns
    return reading
  }

  /** Adds what was completed. Memory of kinds that have not occurred is not touched. */
  add({ completed, errors, counts, trace }: Counted): void {
    this.operations += completed
    this.errors += errors
    this.bytesRead += counts.bytes[OPERATION_READ]
    this.bytesWritten += counts.bytes[OPERATION_WRITE]
    if (trace === null) return
    for (let kind = 0; kind < OPERATION_LIMIT; kind++) {
      if (counts.completed[kind] === 0) continue
      addHistograms(this.total, TOTAL_AT, trace, histogramAt(kind, METRIC_TOTAL), 1)
      this.busyMicros += sumAt(trace, histogramAt(kind, METRIC_BUSY))
      this.idleMicros += sumAt(trace, histogramAt(kind, METRIC_IDLE))
    }
  }

  /**
   * Adds the reading of a client, of which `before` was an earlier one. What was taken counts from
   * that on only: nobody knows it of clients that have left.
   */
  addReading(other: Reading, before: Reading): void {
    this.operations += other.operations
    this.errors += other.errors
    this.bytesRead += other.bytesRead
    this.bytesWritten += other.bytesWritten
    this.inFlight += other.inFlight
    this.taken += other.taken - before.taken
    this.turns += other.turns - before.turns
    this.busyMicros += other.busyMicros
    this.idleMicros += other.idleMicros
    addHistograms(this.total, TOTAL_AT, other.total, TOTAL_AT, 1)
  }

  /** The figures of now, and of the so long interval since an earlier reading of the same. */
  since(before: Reading, intervalMicros: number): Figures {
    const { operations, errors, bytesRead, bytesWritten, inFlight } = this
    BETWEEN.set(this.total)
    addHistograms(BETWEEN, TOTAL_AT, before.total, TOTAL_AT, 1, -1)
    const { count, p50, p99 } = distributionAt(BETWEEN, TOTAL_AT)
    const traced = count > 0
    const turns = this.turns - before.turns
    const busyMicros = atLeastZero(this.busyMicros - before.busyMicros)
    const idleMicros = atLeastZero(this.idleMicros - before.idleMicros)
    const measured = traced && intervalMicros > 0
    return {
      operations,
      errors,
      bytesRead,
      bytesWritten,
      inFlight,
      interval: {
        operations: operations - before.operations,
        errors: errors - before.errors,
        bytesRead: bytesRead - before.bytesRead,
        bytesWritten: bytesWritten - before.bytesWritten,
        p50Micros: traced ? p50 : null,
        p99Micros: traced ? p99 : null,
        busyMicros,
        idleMicros,
        meanInFlight: measured ? (busyMicros + idleMicros) / intervalMicros : null,
        meanBatch: turns <= 0 ? null : atLeastZero(this.taken - before.taken) / turns,
      },
    }
  }
}

/** What a client has written, if it can be a sum of times. */
function sumAt(trace: Float64Array, at: number): number {
  const sum = trace[at + HISTOGRAM_SUM]
  return sum > 0 && sum <= Number.MAX_SAFE_INTEGER ? sum : 0
}

/** A client may have written less into its trace memory than before. */
function atLeastZero(value: number): number {
  return Math.max(value, 0)
}
