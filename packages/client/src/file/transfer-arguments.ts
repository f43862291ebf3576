import { invalidType, invalidValue } from '../errors/index.ts'
import { bytesIn, parsePosition, usableView } from './arguments.ts'
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
    return checked(buffer, buffer, offset, length, position, lastFlags(last), last)
  }
  const options = optionsOf(buffer, offset)
  const target = options.buffer
  // `read(buffer, null, length, position)` is the first form with its default offset.
  if (ArrayBuffer.isView(buffer) && offset === null) {
    return checked(target, target, 0, length, position, lastFlags(last), last)
  }
  const { offset: from, length: count, position: at } = options
  return checked(target, target, from, count, at, readFlags(options), options)
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
    const bytes = Buffer.from(buffer, encoding)
    return checked(buffer, bytes, 0, undefined, offset, lastFlags(options), options)
  }
  if (typeof offset === 'object' && offset !== null) {
    const options = offset as WriteOptions
    const { offset: from, length: count, position: at } = options
    return checked(buffer, buffer, from, count, at, operationFlags(options), options)
  }
  return checked(buffer, buffer, offset, length, position, lastFlags(last), last)
}

function lastFlags(options: OperationOptions | undefined): number {
  return options === undefined ? 0 : operationFlags(options)
}

function checked<B>(
  buffer: B,
  source: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  flags: number,
  options: OperationOptions | undefined,
): TransferArguments<B> {
  const view = usableView(source, 'buffer')
  const memory = view.buffer
  const bytes = bytesIn(view, memory, offset, length)
  parsePosition(position)
  return { buffer, bytes, memory, position, flags, options }
}

function optionsOf(buffer: unknown, offset: unknown): ReadOptions & { buffer: ArrayBufferView } {
  if (ArrayBuffer.isView(buffer)) return { ...(offset as ReadOptions | null), buffer }
  if (buffer !== undefined && buffer !== null && typeof buffer !== 'object') {
    throw invalidType('buffer', 'an instance of Buffer, TypedArray, or DataView', buffer)
  }
  const options = (buffer ?? {}) as ReadOptions & { buffer?: ArrayBufferView }
  return { ...options, buffer: options.buffer ?? Buffer.alloc(DEFAULT_READ_BYTES) }
}

/** node:fs reads nothing when asked for nothing, and refuses a buffer that can hold nothing. */
export function refuseEmptyBuffer(buffer: ArrayBufferView, offset: unknown, length: unknown): void {
  if (buffer.byteLength === 0 && length !== 0 && offset !== undefined) {
    throw invalidValue('buffer', 'is empty and cannot be written', buffer)
  }
}
