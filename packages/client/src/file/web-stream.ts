import { ReadableStream, type UnderlyingByteSource } from 'node:stream/web'
import { invalidValue } from '../errors/index.ts'
import { boolean } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import { ReadAhead, type ReadFrom } from './read-ahead.ts'

/** Bytes that are read at once. */
const CHUNK_BYTES = 64 * 1024

export interface WebStreamOptions {
  /** Close the file when the stream has ended, failed or was cancelled. Default false. */
  autoClose?: boolean
  /** As node:fs has it; the stream is a byte stream in any case. */
  type?: 'bytes'
}

/** What a web stream needs of a file. */
interface StreamedFile extends ReadFrom {
  close(): Promise<void>
}

/**
 * The bytes of a file from its own position on, as a readable byte stream: with a default reader, or
 * into the caller's buffers (BYOB).
 */
export function openWebStream(
  file: StreamedFile,
  state: FileHandleState,
  options: WebStreamOptions,
): ReadableStream<Uint8Array> {
  const autoClose = boolean(options.autoClose, 'autoClose', false)
  const { type } = options
  if (type !== undefined && type !== 'bytes') {
    throw invalidValue('options.type', "must be 'bytes'", type)
  }
  const range = { chunk: CHUNK_BYTES, start: null, length: Number.POSITIVE_INFINITY }
  const bytes = new ReadAhead(file, state, range)
  const end = async (): Promise<void> => {
    if (autoClose) await file.close()
  }
  const source: UnderlyingByteSource = {
    type: 'bytes',
    async pull(controller) {
      try {
        const next = await bytes.next()
        if (next !== null) {
          controller.enqueue(next)
          return
        }
      } catch (error) {
        await end().catch(ignore)
        throw error
      }
      await end()
      controller.close()
      // Who reads into a buffer of his own waits for it.
      controller.byobRequest?.respond(0)
    },
    cancel: end,
  }
  return new ReadableStream(source)
}

/** The failure that ended the stream is told, not what came of it. */
function ignore(): void {}
