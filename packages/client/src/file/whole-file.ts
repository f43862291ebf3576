import { isArrayBufferView } from 'node:util/types'
import { invalidType, invalidValue } from '../errors/index.ts'
import type { Steps } from '../transport/steps.ts'
import { bytesOf } from './arguments.ts'
import { statSteps } from './file-steps.ts'
import type { FileHandleState } from './handle.ts'
import { STAGE_BYTES } from './transfer.ts'
import { readSteps } from './transfer-steps.ts'

type EncodingOptions = BufferEncoding | { encoding?: BufferEncoding | null } | null | undefined

/** Least that one read of a file of unknown size asks for, in bytes. */
const CHUNK_BYTES = 64 * 1024

/** Reads from the file's own position to its end. Grows as it goes: sizes are only a hint. */
export function* readWholeSteps(file: FileHandleState): Steps<Buffer> {
  file.assertOpen('read')
  const hint = (yield* statSteps(file, false)).size as number
  const chunks: Uint8Array[] = []
  let total = 0
  for (;;) {
    const length = roundedUp(
      Math.max(CHUNK_BYTES, Math.min(hint - total, 64 * STAGE_BYTES)),
      file.direct ? file.offsetAlignment : 1,
    )
    const chunk = new Uint8Array(length)
    const bytesRead = yield* readSteps(file, chunk, null, 0)
    if (bytesRead === 0) break
    chunks.push(bytesRead === length ? chunk : chunk.subarray(0, bytesRead))
    total += bytesRead
    // A direct read that is short of its length has met the end; the next would be misaligned.
    if (file.direct && bytesRead < length) break
  }
  return Buffer.concat(chunks, total)
}

export function textOrBytes(bytes: Buffer, encoding: BufferEncoding | undefined): Buffer | string {
  return encoding === undefined ? bytes : bytes.toString(encoding)
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
  const encoding = typeof options === 'string' ? options : options?.encoding
  if (encoding === undefined || encoding === null) return undefined
  if (!Buffer.isEncoding(encoding)) throw invalidValue('encoding', 'is invalid encoding', encoding)
  return encoding
}

function roundedUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
