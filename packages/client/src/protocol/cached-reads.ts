/**
 * What a client asks the addon for when it reads from the page cache itself: a Float64Array, because
 * its elements reach native code for less than arguments do.
 */

/** The file, as its handle names it, and whose it is: ConnectMessage.owner. */
export const ASK_SLOT = 0
export const ASK_GENERATION = 1
export const ASK_OWNER = 2
/** In bytes. */
export const ASK_POSITION = 3
/** Not 0: the times are to be stored. */
export const ASK_TIMED = 4
/** When it began, and when it ended, in microseconds of CLOCK_MONOTONIC. */
export const ASK_STARTED = 5
export const ASK_ENDED = 6
export const ASK_F64 = 7

/** What a client uses of the addon. */
export interface CachedReadCalls {
  /** Bytes read, fewer than `memory` has only at the end of the file; or `-errno`. */
  readCached(ask: Float64Array, memory: Uint8Array): number
}
