/**
 * Shared memory of whole pages, zero until they are touched, and gone as soon as no thread has it any
 * more. That is what V8 makes of a SharedArrayBuffer that could grow, though this one has no room to
 * (Node 20, 22 and 24). A plain one comes from malloc: at any address, cleared whole when it was used
 * before, and kept by malloc afterwards.
 */
export function sharedPages(byteLength: number): SharedArrayBuffer {
  return new SharedArrayBuffer(byteLength, { maxByteLength: byteLength })
}

/** Its words. A view that is not told its length follows the buffer's, and is many times slower. */
export function wordsOf(memory: SharedArrayBuffer): Int32Array {
  return new Int32Array(memory, 0, memory.byteLength >> 2)
}

/** The same memory as float64. */
export function doublesOf(memory: SharedArrayBuffer): Float64Array {
  return new Float64Array(memory, 0, memory.byteLength >> 3)
}

/** Whether it has so many bytes and always will: views of memory that grows would not see that. */
export function hasFixedLength(memory: SharedArrayBuffer, byteLength: number): boolean {
  if (memory.byteLength !== byteLength) return false
  return !memory.growable || memory.maxByteLength === byteLength
}
