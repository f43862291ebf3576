/**
 * An arena is cut into segments that double: [0, 1 MiB), [1, 2), [2, 4), [4, 8) … up to its size.
 * Each segment is one registered buffer of the ring, registered by the actor when the first
 * request touches it, so that an arena costs memory only as far as it is used.
 *
 * The unit of allocation is a page; a block is 2^order pages and aligned to its own size, so
 *
 *   invariant:   segmentOf(first byte) == segmentOf(last byte)   for every block
 */
export const PAGE_BYTES = 4096
export const PAGE_SHIFT = 12
export const FIRST_SEGMENT_BYTES: number = 1 << 20
export const FIRST_SEGMENT_SHIFT = 20
/** One segment at least. */
export const ARENA_BYTES_MIN: number = 1 << FIRST_SEGMENT_SHIFT
export const ARENA_BYTES_MAX: number = 2 ** 31

/** The segment that holds a byte; offset in bytes, 0 <= offset < 2^32. */
export function segmentOf(offset: number): number {
  return 32 - Math.clz32(offset >>> FIRST_SEGMENT_SHIFT)
}

/** First byte of a segment. */
export function segmentStart(segment: number): number {
  return segment === 0 ? 0 : FIRST_SEGMENT_BYTES * 2 ** (segment - 1)
}

/** Length of a segment in bytes. */
export function segmentLength(segment: number): number {
  return segment === 0 ? FIRST_SEGMENT_BYTES : FIRST_SEGMENT_BYTES * 2 ** (segment - 1)
}

/** How many segments an arena of this many bytes (a power of two >= 1 MiB) has. */
export function segmentCount(arenaBytes: number): number {
  return segmentOf(arenaBytes - 1) + 1
}
