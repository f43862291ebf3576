import { invalidType, invalidValue } from '../errors/index.ts'
import { bytesOf, parsePosition } from './arguments.ts'
import { operationFlags, type ReadOptions, readFlags, type WriteOptions } from './options.ts'

/** What `read()` without a buffer reads into, as in node:fs. */
const DEFAULT_READ_BYTES = 16384

/** The arguments of one read or write, whichever form they were given in. */
export interface TransferArguments<B> {
  /** What the caller gave, for the result. */
  readonly buffer: B
  /** The bytes to transfer. */
  readonly bytes: Uint8Array
  /** As the caller gave it; `parsePosition` has accepted it. */
  readonly position: unknown
  readonly flags: number
}

/** `(buffer, offset, length, position)`, `(buffer, options)` or `(options)`. */
export function readArguments(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
): TransferArguments<ArrayBufferView> {
  if (ArrayBuffer.isView(buffer) && typeof offset !== 'object') {
    return checked(buffer, buffer, offset, length, position, 0)
  }
  const options = optionsOf(buffer, offset)
  const target = options.buffer
  // `read(buffer, null, length, position)` is the first form with its default offset.
  if (ArrayBuffer.isView(buffer) && offset === null) {
    return checked(target, target, 0, length, position, 0)
  }
  const flags = readFlags(options)
  return checked(target, target, options.offset, options.length, options.position, flags)
}

/** As `readArguments`, and `(text, position, encoding)`. */
export function writeArguments(
  buffer: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
): TransferArguments<unknown> {
  if (typeof buffer === 'string') {
    const encoding = length ?? 'utf8'
    if (typeof encoding !== 'string' || !Buffer.isEncoding(encoding)) {
      throw invalidValue('encoding', 'is invalid encoding', encoding)
    }
    return checked(buffer, Buffer.from(buffer, encoding), 0, undefined, offset, 0)
  }
  if (typeof offset === 'object' && offset !== null) {
    const options = offset as WriteOptions
    const flags = operationFlags(options)
    return checked(buffer, buffer, options.offset, options.length, options.position, flags)
  }
  return checked(buffer, buffer, offset, length, position, 0)
}

function checked<B>(
  buffer: B,
  source: unknown,
  offset: unknown,
  length: unknown,
  position: unknown,
  flags: number,
): TransferArguments<B> {
  const bytes = bytesOf(source, offset, length)
  parsePosition(position)
  return { buffer, bytes, position, flags }
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
