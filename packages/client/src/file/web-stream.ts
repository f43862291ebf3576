import {
  type ReadableByteStreamController,
  ReadableStream,
  type UnderlyingByteSource,
} from 'node:stream/web'
import { invalidValue } from '../errors/index.ts'
import { boolean } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import type { OpenStream, OpenStreams } from './open-streams.ts'
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
  return new ReadableStream(new FileSource(bytes, state.streams, end))
}

/** What the web's stream pulls from; it is one of its file's open streams. */
class FileSource implements UnderlyingByteSource, OpenStream {
  readonly type = 'bytes'
  readonly #bytes: ReadAhead
  readonly #streams: OpenStreams
  readonly #end: () => Promise<void>
  #controller: ReadableByteStreamController | null = null
  /** Nothing more is to be given. */
  #over = false

  constructor(bytes: ReadAhead, streams: OpenStreams, end: () => Promise<void>) {
    this.#bytes = bytes
    this.#streams = streams
    this.#end = end
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller
    this.#streams.add(this)
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    let next: Buffer | null = null
    try {
      next = await this.#bytes.next()
    } catch (error) {
      // The file's close has ended the stream already.
      if (this.#over) return
      await this.cancel().catch(ignore)
      throw error
    }
    if (this.#over) return
    if (next !== null) {
      controller.enqueue(next)
      return
    }
    await this.cancel()
    finish(controller)
  }

  async cancel(): Promise<void> {
    this.#leave()
    await this.#end()
  }

  /** As in node:fs, a stream whose file is closed is at its end. */
  close(): void {
    this.#leave()
    if (this.#controller !== null) finish(this.#controller)
  }

  destroy(): void {
    this.close()
  }

  #leave(): void {
    this.#over = true
    this.#streams.delete(this)
  }
}

function finish(controller: ReadableByteStreamController): void {
  try {
    controller.close()
    // Who reads into a buffer of his own waits for it.
    controller.byobRequest?.respond(0)
  } catch {
    // He has half an element of it, and hears so: the stream has failed by that.
  }
}

/** The failure that ended the stream is told, not what came of it. */
function ignore(): void {}
