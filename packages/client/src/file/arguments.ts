import { isArrayBufferView } from 'node:util/types'
import { invalidType, invalidValue, leaseReleased, outOfRange } from '../errors/index.ts'
import { Lease } from '../memory/lease.ts'

/** Checks of arguments, at the call, in node:fs's order and with its errors. */

/** An integer of `min <= value <= max`. */
export function integer(
  value: unknown,
  name: string,
  min: number = 0,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value)
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value)
  return value
}

/** A boolean; what is not given is as `otherwise` says. */
export function boolean(value: unknown, name: string, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value)
  return value
}

const MAX_POSITION = 2n ** 63n - 1n

/** A byte count or position: an integer number, or a bigint up to 2^63 - 1. */
export function byteOffset(value: unknown, name: string): number | bigint {
  if (typeof value === 'bigint') {
    if (value < 0n || value > MAX_POSITION)
      throw outOfRange(name, `>= 0 && <= ${MAX_POSITION}`, value)
    return value
  }
  if (typeof value !== 'number') throw invalidType(name, 'one of type number or bigint', value)
  return integer(value, name)
}

/** The length that a file is to have: to node:fs a negative number is zero, but an integer it must be. */
export function truncationLength(length: unknown): number | bigint {
  if (typeof length !== 'number') return byteOffset(length, 'len')
  return Math.max(0, integer(length, 'len', Number.MIN_SAFE_INTEGER))
}

/**
 * The two words of a file position. `null`, `undefined` and -1 stand for the file's own position,
 * as in node:fs, which is -1 to the kernel. The parser leaves its result in `positionLow` and
 * `positionHigh`, so that the hot path allocates nothing.
 */
export let positionLow = -1
export let positionHigh = -1

export function parsePosition(value: unknown): void {
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
    positionLow = value | 0
    positionHigh = Math.floor(value / 4294967296) | 0
    return
  }
  parseUnusualPosition(value)
}

function parseUnusualPosition(value: unknown): void {
  if (value === null || value === undefined || value === -1 || value === -1n) {
    positionLow = -1
    positionHigh = -1
    return
  }
  if (typeof value === 'bigint') {
    if (value < 0n || value > MAX_POSITION) {
      throw outOfRange('position', `>= -1 && <= ${MAX_POSITION}`, value)
    }
    positionLow = Number(BigInt.asIntN(32, value))
    positionHigh = Number(BigInt.asIntN(32, value >> 32n))
    return
  }
  if (typeof value !== 'number') {
    throw invalidType('position', 'one of type number or bigint, or null', value)
  }
  integer(value, 'position', -1)
}

/** `position + delta` as two words, for pieces of a long transfer. */
export function advancedPosition(position: number | bigint | null, delta: number): void {
  if (position === null) parsePosition(null)
  else if (typeof position === 'bigint') parsePosition(position + BigInt(delta))
  else if (position + delta <= Number.MAX_SAFE_INTEGER) parsePosition(position + delta)
  else parsePosition(BigInt(position) + BigInt(delta))
}

/** The position as a value: null for the file's own. Validates as `parsePosition`. */
export function positionValue(value: unknown): number | bigint | null {
  parsePosition(value)
  return value === null || value === undefined || value === -1 || value === -1n
    ? null
    : (value as number | bigint)
}

const NO_BYTES = new Uint8Array(0)

/** The bytes [offset, offset + length) of a view, as a Uint8Array over the same memory. */
export function bytesOf(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  name: string = 'buffer',
): Uint8Array {
  const view = usableView(buffer, name)
  return bytesIn(view, view.buffer, offset, length)
}

/** A view whose memory is still its owner's. */
export function usableView(buffer: unknown, name: string): ArrayBufferView {
  if (!isArrayBufferView(buffer)) {
    throw invalidType(name, 'an instance of Buffer, TypedArray, or DataView', buffer)
  }
  // Its memory may have another owner by now, and be in use again.
  if (buffer instanceof Lease && buffer.released) throw leaseReleased()
  return buffer
}

/** As `bytesOf`, for who has looked at the view, and asked for its memory: that is no cheap look. */
export function bytesIn(
  buffer: ArrayBufferView,
  viewed: ArrayBufferLike,
  offset: unknown,
  length: unknown,
): Uint8Array {
  const memory = viewed as ArrayBuffer
  // Optimized code of Node 20 can tell an old length of a view that its buffer has shrunk under. So
  // neither is such a view trusted here, nor is a view without bytes ever handed on.
  const gone = memory.resizable && buffer.byteOffset + buffer.byteLength > memory.byteLength
  if (gone) return NO_BYTES
  // The length of a Uint8Array is read in place, its byteLength by a call.
  const byteLength = buffer instanceof Uint8Array ? buffer.length : buffer.byteLength
  const from =
    offset === undefined || offset === null ? 0 : integer(offset, 'offset', 0, byteLength)
  const count =
    length === undefined || length === null
      ? byteLength - from
      : integer(length, 'length', 0, byteLength - from)
  if (count === 0 && memory.byteLength === 0) return NO_BYTES
  if (count === 0) return new Uint8Array(memory, buffer.byteOffset + from, 0)
  if (from === 0 && count === byteLength && buffer instanceof Uint8Array) return buffer
  return new Uint8Array(memory, buffer.byteOffset + from, count)
}

/** A file mode: a number, or an octal string. One must be given where there is no `fallback`. */
export function fileMode(value: unknown, name: string, fallback?: number): number {
  if ((value === undefined || value === null) && fallback !== undefined) return fallback
  if (typeof value === 'string') {
    if (!/^[0-7]+$/.test(value)) {
      throw invalidValue(name, 'must be a 32-bit unsigned integer or an octal string', value)
    }
    return integer(Number.parseInt(value, 8), name, 0, 0xffffffff)
  }
  return integer(value, name, 0, 0xffffffff)
}

/** A time in seconds since the epoch: a number, a text of one, or a Date. */
export function seconds(time: unknown, name: string): number {
  const text = typeof time === 'string' ? Number(time) : time
  const value = time instanceof Date ? time.getTime() / 1000 : text
  if (typeof value !== 'number')
    throw invalidType(name, 'of type number or string, or a Date', time)
  if (!Number.isFinite(value)) throw invalidType(name, 'a finite time', time)
  // As node:fs does: a negative number stands for now, though a Date or a text may be that early.
  return typeof time === 'number' && time < 0 ? Date.now() / 1000 : value
}
