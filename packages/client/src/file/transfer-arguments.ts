import { invalidType, invalidValue } from '../errors/index.ts'
import { bytesIn, integer, parsePosition, usableView } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import {
  type OperationOptions,
  operationFlags,
  type ReadOptions,
  readFlags,
  type WriteOptions,
} from './options.ts'

/** What `read()` without a buffer reads into, as in node:fs. */
const DEFAULT_READ_BYTES = 16384

/** The arguments of one read or write, whichever form they were given in. */
export interface TransferArguments<B> {
  /** What the caller gave, for the result. */
  readonly buffer: B
  /** The bytes to transfer. */
  readonly bytes: Uint8Array
  /** The memory that they are in. */
  readonly memory: ArrayBufferLike
  /** As the caller gave it; `parsePosition` has accepted it. */
  readonly position: unknown
  readonly flags: number
  /** The options object, if one was given. */
  readonly options: OperationOptions | undefined
}

/** `(buffer, offset, length, position, options)`, `(buffer, options)` or `(options)`. */
export function readArguments(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  last: OperationOptions | undefined,
): TransferArguments<ArrayBufferView> {
  if (ArrayBuffer.isView(buffer) && typeof offset !== 'object') {
    return reading(buffer, offset, length, position, lastFlags(last), last)
  }
  const options = optionsOf(buffer, offset)
  const target = options.buffer
  // `read(buffer, null, length, position)` is the first form with its default offset.
  if (ArrayBuffer.isView(buffer) && offset === null) {
    return reading(target, 0, length, position, lastFlags(last), last)
  }
  const { offset: from, length: count, position: at } = options
  return reading(target, from, count, at, readFlags(options), options)
}

/** As `readArguments`, and `(text, position, encoding, options)`. */
export function writeArguments(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  last: OperationOptions | undefined,
): TransferArguments<unknown> {
  if (typeof buffer === 'string') {
    const options = (last ?? position ?? undefined) as OperationOptions | undefined
    const encoding = length ?? 'utf8'
    if (typeof encoding !== 'string' || !Buffer.isEncoding(encoding)) {
      throw invalidValue('encoding', 'is invalid encoding', encoding)
    }
    refuseHalfBytes(buffer, encoding)
    const bytes = Buffer.from(buffer, encoding)
    return checked(buffer, bytes, 0, undefined, offset, lastFlags(options), options)
  }
  if (typeof offset === 'object' && offset !== null) {
    const options = offset as WriteOptions
    const { offset: from, length: count, position: at } = options
    return writing(buffer, from, count, at, operationFlags(options), options)
  }
  return writing(buffer, offset, length, position, lastFlags(last), last)
}

function lastFlags(options: OperationOptions | undefined): number {
  return options === undefined ? 0 : operationFlags(options)
}

function reading(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  flags: number,
  options: OperationOptions | undefined,
): TransferArguments<ArrayBufferView> {
  const view = usableView(buffer, 'buffer')
  if (isEmpty(view)) {
    refuseEmptyBuffer(view, offset, length)
    return checked(view, view, 0, 0, position, flags, options)
  }
  return checked(view, view, offset, length, position, flags, options)
}

/** Of a buffer without bytes node:fs writes nothing, and looks at no other argument. */
function writing(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  flags: number,
  options: OperationOptions | undefined,
): TransferArguments<unknown> {
  const view = usableView(buffer, 'buffer')
  if (isEmpty(view)) return checked(buffer, view, 0, 0, null, flags, options)
  return checked(buffer, view, offset, length, position, flags, options)
}

/** The length of a Uint8Array is read in place, its byteLength by a call. */
function isEmpty(view: ArrayBufferView): boolean {
  return (view instanceof Uint8Array ? view.length : view.byteLength) === 0
}

function checked<B>(
  buffer: B,
  view: ArrayBufferView,
  offset: unknown,
  length: unknown,
  position: unknown,
  flags: number,
  options: OperationOptions | undefined,
): TransferArguments<B> {
  const memory = view.buffer
  const bytes = bytesIn(view, memory, offset, length)
  parsePosition(position)
  return { buffer, bytes, memory, position, flags, options }
}

function optionsOf(buffer: unknown, offset: unknown): ReadOptions & { buffer: ArrayBufferView } {
  if (ArrayBuffer.isView(buffer)) return { ...(offset as ReadOptions | null), buffer }
  const isObject = typeof buffer === 'object' && !Array.isArray(buffer)
  if (buffer !== undefined && !isObject) {
    throw invalidType('buffer', 'an instance of Buffer, TypedArray, or DataView', buffer)
  }
  const options = (buffer ?? {}) as ReadOptions & { buffer?: ArrayBufferView }
  if (options.buffer !== undefined) return { ...options, buffer: options.buffer }
  return { ...options, buffer: Buffer.alloc(DEFAULT_READ_BYTES) }
}

/** node:fs reads nothing when asked for nothing, and refuses a buffer that can hold nothing. */
function refuseEmptyBuffer(buffer: ArrayBufferView, offset: unknown, length: unknown): void {
  const from = offset === undefined || offset === null ? 0 : integer(offset, 'offset')
  if ((length ?? 0 - from) !== 0) {
    throw invalidValue('buffer', 'is empty and cannot be written', buffer)
  }
}

/** What Buffer.from would leave out, node:fs refuses: the digit that is no whole byte. */
function refuseHalfBytes(text: string, encoding: string): void {
  if (encoding.toLowerCase() === 'hex' && text.length % 2 !== 0) {
    throw invalidValue('encoding', `is invalid for data of length ${text.length}`, encoding)
  }
}

/** A write of no bytes is not worth asking the kernel for, which would refuse it all the same. */
export function refuseUnwritable(file: FileHandleState, buffer: unknown): void {
  // As node:fs: that a buffer has no bytes is seen before the file is.
  if (typeof buffer === 'string' || !isEmpty(buffer as ArrayBufferView)) file.assertWritable()
}
