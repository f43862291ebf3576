/**
 * What a client, and the actor's loop, record of their work for a trace file while TRACE_RECORD
 * stands in the header: rows of float64, in chunks that are handed on as messages. Times are
 * microseconds of CLOCK_MONOTONIC, as everywhere.
 */

/** One operation that was delivered, as indices of its row. */
export const RECORD_OPERATION = 0
/** As in its completion: the result, and COMPLETION_* flags, or RECORD_CACHED. */
export const RECORD_RES = 1
export const RECORD_FLAGS = 2
/** The five moments, as they were read: clocks of two threads may differ by a microsecond. */
export const RECORD_POSTED = 3
export const RECORD_TAKEN = 4
export const RECORD_SUBMITTED = 5
export const RECORD_COMPLETED = 6
export const RECORD_DELIVERED = 7
/** Time that our code spent on it, in microseconds. */
export const RECORD_BUSY = 8
/** In bytes; NaN for an operation without, and for the file's own position. */
export const RECORD_POSITION = 9
export const RECORD_LENGTH = 10
/** Index of its file's path among those of the chunk; NaN where there is none, or none is known. */
export const RECORD_FILE = 11
export const RECORD_F64 = 12

/** A flag that no completion has: the client's thread has read from the page cache itself. */
export const RECORD_CACHED = 256

/** One batch of the actor: it takes requests, then calls the kernel and delivers what came back. */
export const BATCH_STARTED = 0
export const BATCH_CALLED = 1
export const BATCH_ENDED = 2
/** Operations taken, submitted and completed in it. */
export const BATCH_TAKEN = 3
export const BATCH_SUBMITTED = 4
export const BATCH_COMPLETED = 5
export const BATCH_F64 = 6

/** Rows of a full chunk. */
export const CHUNK_RECORDS = 512
/** Of all paths that come with a chunk together, in UTF-16 units. */
export const CHUNK_PATHS_MAX = 65536

/**
 * Index of an Int32Array over a client's trace memory, where operation 0 would have its histograms:
 * rows that were recorded and not handed on. The client stores it; only the actor's thread looks.
 */
export const TRACE_HELD = 0

/** A chunk on its way: from a client to the actor's thread, on its control port. */
export interface RecordsMessage {
  readonly kind: 'uring-actor:records'
  readonly records: Float64Array
  readonly files: readonly string[]
}
export const RECORDS_KIND = 'uring-actor:records'
