import { constants } from 'node:buffer'
import { isArrayBufferView } from 'node:util/types'
import { fileTooLarge, invalidType, invalidValue } from '../errors/index.ts'
import { FILE_KIND_OTHER } from '../protocol/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'
import type { Steps } from '../transport/steps.ts'
import { bytesOf } from './arguments.ts'
import { statSteps } from './file-steps.ts'
import type { FileHandleState } from './handle.ts'
import { readSteps } from './transfer-steps.ts'

export type EncodingOptions =
  | BufferEncoding
  | { encoding?: BufferEncoding | null }
  | null
  | undefined
export type FileOptions =
  | BufferEncoding
  | ({ encoding?: BufferEncoding | null } & CallOptions)
  | null
/** No encoding: bytes are read. */
export type BytesOptions<Other> = ({ encoding?: null } & Other) | null
/** An encoding: text is read. */
export type TextOptions<Other> = BufferEncoding | ({ encoding: BufferEncoding } & Other)

/** What a file holds: memory that is nobody else's. */
export type FileBytes = Buffer<ArrayBuffer>

/** What writeFile takes in pieces. */
export type Pieces = Iterable<string | ArrayBufferView> | AsyncIterable<string | ArrayBufferView>
export type FileData = string | ArrayBufferView | Pieces

/** Room for a file that does not tell its size, in bytes: pipes, and much below /proc. */
const UNKNOWN_BYTES = 64 * 1024
/** A size is only a hint: a file of holes may tell more than there is memory. */
const MOST_TRUSTED_BYTES = 2 ** 30
/** Longest that a Buffer can be, in bytes. */
const MOST_BYTES = Math.min(constants.MAX_LENGTH, Number.MAX_SAFE_INTEGER)

/** Reads from the file's own position to its end. */
export function* readWholeSteps(file: FileHandleState): Steps<FileBytes> {
  file.assertOpen('read')
  const size = (yield* statSteps(file, false)).size as number
  if (size > MOST_BYTES) throw fileTooLarge(size, MOST_BYTES)
  // One byte more than there should be: a read that leaves it free has met the end.
  const trusted = size > 0 ? Math.min(size, MOST_TRUSTED_BYTES) + 1 : UNKNOWN_BYTES
  let bytes: FileBytes = Buffer.allocUnsafeSlow(roomFor(file, trusted))
  let total = 0
  for (;;) {
    if (total === bytes.length) bytes = enlarged(file, bytes)
    const room = bytes.length - total
    const bytesRead = yield* readSteps(file, bytes.subarray(total), null, 0)
    total += bytesRead
    // Of a pipe a read takes what there is.
    if (bytesRead === 0 || (bytesRead < room && file.kind !== FILE_KIND_OTHER)) break
  }
  // What is left over is kept in memory with the rest, so it should not be much.
  return total > bytes.length / 2 ? bytes.subarray(0, total) : Buffer.from(bytes.subarray(0, total))
}

function roomFor({ direct, offsetAlignment }: FileHandleState, length: number): number {
  return direct ? Math.ceil(length / offsetAlignment) * offsetAlignment : length
}

function enlarged(file: FileHandleState, bytes: FileBytes): FileBytes {
  if (bytes.length === MOST_BYTES) throw fileTooLarge(MOST_BYTES + 1, MOST_BYTES)
  const larger = Buffer.allocUnsafeSlow(Math.min(MOST_BYTES, roomFor(file, bytes.length * 2)))
  larger.set(bytes)
  return larger
}

export function textOrBytes(
  bytes: FileBytes,
  encoding: BufferEncoding | undefined,
): FileBytes | string {
  return encoding === undefined ? bytes : bytes.toString(encoding)
}

/** Whether data comes in pieces. Texts and views could be gone through as well, but are whole. */
export function isIterable(data: unknown): data is Pieces {
  if (typeof data !== 'object' || data === null || isArrayBufferView(data)) return false
  return Symbol.asyncIterator in data || Symbol.iterator in data
}

/** What writeFile writes, as bytes. */
export function writableBytes(data: unknown, options: EncodingOptions): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encodingOf(options) ?? 'utf8')
  if (!isArrayBufferView(data)) {
    throw invalidType(
      'data',
      'of type string or an instance of Buffer, TypedArray, or DataView',
      data,
    )
  }
  return bytesOf(data, 0, undefined, 'data')
}

/** The encoding that is asked for; none means bytes. */
export function encodingOf(options: EncodingOptions): BufferEncoding | undefined {
  const kind = typeof options
  if (kind === 'number' || kind === 'boolean' || kind === 'bigint' || kind === 'symbol') {
    throw invalidType('options', 'one of type string or object', options)
  }
  const encoding = typeof options === 'string' ? options : options?.encoding
  if (encoding === undefined || encoding === null) return undefined
  if (!Buffer.isEncoding(encoding)) throw invalidValue('encoding', 'is invalid encoding', encoding)
  return encoding
}
