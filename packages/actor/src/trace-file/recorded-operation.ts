import { errorCode } from '@uring-actor/client/internal'
import {
  COMPLETION_CANCELLED,
  COMPLETION_CHAIN_BROKEN,
  COMPLETION_REFUSED,
  OPERATION_NAMES,
  RECORD_BUSY,
  RECORD_CACHED,
  RECORD_COMPLETED,
  RECORD_DELIVERED,
  RECORD_FILE,
  RECORD_FLAGS,
  RECORD_LENGTH,
  RECORD_OPERATION,
  RECORD_POSITION,
  RECORD_POSTED,
  RECORD_RES,
  RECORD_SUBMITTED,
  RECORD_TAKEN,
} from '@uring-actor/client/protocol'
import type { Details } from './event-text.ts'

/** No moment of a recording is later, in microseconds; whoever says so is not believed. */
const LATEST_MICROS = 1e11

/**
 * The moments of an operation, in whole nanoseconds since the file's origin.
 *
 *   invariant:   0 <= posted <= taken <= submitted <= completed <= delivered
 */
export interface Moments {
  readonly posted: number
  readonly taken: number
  readonly submitted: number
  readonly completed: number
  readonly delivered: number
}

/**
 * Puts an operation's moments in order, as the statistics do. Null for one that was called before
 * `origin`, in microseconds, and for what cannot be: a client may send any numbers.
 */
export function momentsOf(records: Float64Array, at: number, origin: number): Moments | null {
  const posted = nanos(records[at + RECORD_POSTED], origin, 0)
  if (records[at + RECORD_POSTED] < origin) return null
  const taken = nanos(records[at + RECORD_TAKEN], origin, posted)
  const submitted = nanos(records[at + RECORD_SUBMITTED], origin, taken)
  const completed = nanos(records[at + RECORD_COMPLETED], origin, submitted)
  const delivered = nanos(records[at + RECORD_DELIVERED], origin, completed)
  return Number.isNaN(delivered) ? null : { posted, taken, submitted, completed, delivered }
}

/** NaN stays what it is, and makes all that follows NaN. */
function nanos(moment: number, origin: number, before: number): number {
  if (!(moment - origin <= LATEST_MICROS)) return Number.NaN
  return Math.max(before, Math.round((moment - origin) * 1000))
}

/** What the operation is called: `read`, `fsync` …, as in errors. */
export function nameOf(records: Float64Array, at: number): string {
  return OPERATION_NAMES[records[at + RECORD_OPERATION]] || 'unknown'
}

/** What there is to know of an operation besides its times. */
export function detailsOf(
  records: Float64Array,
  at: number,
  moments: Moments,
  files: readonly string[],
): Details {
  const res = records[at + RECORD_RES]
  const total = (moments.delivered - moments.posted) / 1000
  const busy = Math.min(total, Math.max(0, records[at + RECORD_BUSY]))
  return {
    file: files[records[at + RECORD_FILE]],
    position: known(records[at + RECORD_POSITION]),
    length: known(records[at + RECORD_LENGTH]),
    result: res >= 0 ? known(res) : undefined,
    error: res < 0 ? errorCode(res) : undefined,
    fate: fateOf(records[at + RECORD_FLAGS]),
    cached: wasCached(records, at) ? true : undefined,
    busyMicros: rounded(busy),
    idleMicros: rounded(total - busy),
  }
}

/** JSON leaves out what is undefined, and has no NaN. */
function known(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

function rounded(micros: number): number | undefined {
  return known(Math.round(micros * 1000) / 1000)
}

/** Its client's thread has read from the page cache itself. */
export function wasCached(records: Float64Array, at: number): boolean {
  return (records[at + RECORD_FLAGS] & RECORD_CACHED) !== 0
}

/** Why an operation was not carried out, if it was not. */
function fateOf(flags: number): string | undefined {
  if (flags & COMPLETION_REFUSED) return 'refused'
  if (flags & COMPLETION_CHAIN_BROKEN) return 'chain broken'
  return flags & COMPLETION_CANCELLED ? 'cancelled' : undefined
}
