import { errorMonitor } from 'node:events'
import { addAbortSignal, finished, Readable, Writable } from 'node:stream'
import { invalidType, isAbortSignal, outOfRange } from '../errors/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'
import { boolean, integer } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import type { OpenStream, OpenStreams } from './open-streams.ts'
import { ReadAhead, type ReadFrom } from './read-ahead.ts'
import { encodingOf } from './whole-file.ts'

/** What a stream needs of a file. */
interface StreamedFile extends ReadFrom {
  readonly path: string
  readonly closed: boolean
  write(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    options?: CallOptions,
  ): Promise<{ bytesWritten: number }>
  sync(options?: CallOptions): Promise<void>
  close(): Promise<void>
}

interface StreamOptions {
  encoding?: BufferEncoding | null
  /** First byte; default: the file's own position. */
  start?: number
  /** Close the file when the stream ends or fails, and destroy the stream then. Default true. */
  autoClose?: boolean
  /** Emit 'close' when the stream is destroyed. Default true. */
  emitClose?: boolean
  /** Destroys the stream, and cancels what is under way. */
  signal?: AbortSignal
}

export interface ReadStreamOptions extends StreamOptions {
  /** Last byte to read, inclusive; default: to the end. */
  end?: number
  /** Bytes that are read at once and buffered. Default 64 KiB. */
  highWaterMark?: number
}

export interface WriteStreamOptions extends StreamOptions {
  /** Bytes that are buffered before `write` returns false. Default 64 KiB. */
  highWaterMark?: number
  /** fsync(2) when everything was written, before 'finish'. Default false. */
  flush?: boolean
}

/** The options of a stream, as an object: an encoding may stand for them. */
export function streamOptions<T extends StreamOptions>(
  options: T | BufferEncoding | null | undefined,
): T | StreamOptions {
  return typeof options === 'string' ? { encoding: options } : (options ?? {})
}

/** The bytes of a file, as `fs.ReadStream`. */
export class UringReadStream extends Readable {
  /** The path that the file was opened with. */
  readonly path: string
  /** False: the file is open. */
  readonly pending = false
  /** Bytes that were handed to the stream. */
  bytesRead = 0
  readonly #bytes: ReadAhead
  readonly #end: StreamEnd
  #failure: Error | null = null

  /** Made by `file.createReadStream()`. */
  constructor(file: StreamedFile, state: FileHandleState, options: ReadStreamOptions) {
    const highWaterMark = integer(options.highWaterMark ?? 65536, 'highWaterMark', 1)
    const encoding = encodingOf(options)
    const range = { ...rangeOf(options), chunk: highWaterMark }
    const end = new StreamEnd(file, state.streams, options)
    const emitClose = boolean(options.emitClose, 'emitClose', true)
    const bounds = boundsOfStream(options)
    super({ emitClose, highWaterMark, encoding, autoDestroy: end.autoClose })
    this.path = file.path
    this.#bytes = new ReadAhead(file, state, range, bounds)
    this.#end = end
    end.begin(this)
    // Nothing destroys it then.
    if (!end.autoClose) this.once('end', () => end.over())
    if (bounds !== undefined) addAbortSignal(bounds.signal, this)
  }

  override _read(): void {
    if (this.#failure !== null) throw this.#failure
    this.#bytes.next().then(
      (next) => {
        if (next !== null) this.bytesRead += next.length
        this.push(next)
      },
      (error) => this.#fail(error),
    )
  }

  #fail(error: Error): void {
    if (this.#end.autoClose) {
      this.destroy(error)
      return
    }
    this.#end.over()
    this.#failure = error
    // It asks again at once. What `_read` throws is told without destroying the stream, as in node:fs.
    this.push('')
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#end.reached(error, callback)
  }

  /** Ends the stream; `callback` is called when it has ended. */
  close(callback?: (error?: Error | null) => void): void {
    if (callback) finished(this, callback)
    this.destroy()
  }
}

/** Writes to a file one after the other, as `fs.WriteStream`. */
export class UringWriteStream extends Writable {
  /** The path that the file was opened with. */
  readonly path: string
  /** False: the file is open. */
  readonly pending = false
  /** Bytes that were written, without those that are buffered still. */
  bytesWritten = 0
  readonly #file: StreamedFile
  readonly #bounds: CallOptions | undefined
  readonly #flush: boolean
  readonly #end: StreamEnd
  #position: number | null

  /** Made by `file.createWriteStream()`. */
  constructor(file: StreamedFile, state: FileHandleState, options: WriteStreamOptions) {
    const position = options.start === undefined ? null : integer(options.start, 'start')
    const highWaterMark = integer(options.highWaterMark ?? 65536, 'highWaterMark')
    const defaultEncoding = encodingOf(options) ?? 'utf8'
    const flush = boolean(options.flush, 'flush', false)
    const end = new StreamEnd(file, state.streams, options)
    const emitClose = boolean(options.emitClose, 'emitClose', true)
    const bounds = boundsOfStream(options)
    super({
      emitClose,
      highWaterMark,
      defaultEncoding,
      decodeStrings: true,
      autoDestroy: end.autoClose,
    })
    this.path = file.path
    this.#file = file
    this.#position = position
    this.#bounds = bounds
    this.#flush = flush
    this.#end = end
    end.begin(this)
    if (!end.autoClose) {
      this.once('finish', () => end.over())
      // What is written behind the end fails it, without a word to `_write`.
      this.once(errorMonitor, () => end.over())
    }
    if (bounds !== undefined) addAbortSignal(bounds.signal, this)
  }

  override _write(chunk: Buffer, _encoding: string, callback: Callback): void {
    this.#file.write(chunk, 0, chunk.length, this.#position, this.#bounds).then((result) => {
      if (this.#position !== null) this.#position += result.bytesWritten
      this.bytesWritten += result.bytesWritten
      callback()
    }, this.#failing(callback))
  }

  /** What has come together meanwhile is written in one go. */
  override _writev(chunks: Array<{ chunk: Buffer }>, callback: Callback): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', callback)
  }

  override _final(callback: Callback): void {
    if (!this.#flush) callback()
    else this.#file.sync(this.#bounds).then(() => callback(), this.#failing(callback))
  }

  /** A stream that has failed writes nothing more, though nothing may destroy it. */
  #failing(callback: Callback): Callback {
    return (error) => {
      this.#end.over()
      callback(error)
    }
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.#end.reached(error, callback)
  }

  /** Ends the stream when all was written; `callback` is called when it has ended. */
  close(callback?: Callback): void {
    if (callback) finished(this, callback)
    // Nothing else would end it.
    if (!this.#end.autoClose) this.once('finish', () => this.destroy())
    this.end()
  }
}

type Callback = (error?: Error | null) => void

/** What becomes of the file when its stream has ended, and of the stream when its file is closed. */
class StreamEnd {
  readonly autoClose: boolean
  readonly #file: StreamedFile
  readonly #streams: OpenStreams
  #stream: OpenStream | null = null

  constructor(file: StreamedFile, streams: OpenStreams, { autoClose }: StreamOptions) {
    this.#file = file
    this.#streams = streams
    this.autoClose = boolean(autoClose, 'autoClose', true)
  }

  begin(stream: OpenStream): void {
    this.#stream = stream
    this.#streams.add(stream)
  }

  /** The stream needs the file no more. */
  over(): void {
    if (this.#stream !== null) this.#streams.delete(this.#stream)
  }

  /** The stream is being destroyed. */
  reached(error: Error | null, callback: Callback): void {
    this.over()
    if (!this.autoClose || this.#file.closed) {
      callback(error)
      return
    }
    this.#file.close().then(
      () => callback(error),
      (failed) => callback(error ?? failed),
    )
  }
}

function rangeOf({ start: from, end: to }: ReadStreamOptions): {
  start: number | null
  length: number
} {
  const start = from === undefined ? null : integer(from, 'start')
  if (to === undefined || to === Number.POSITIVE_INFINITY) {
    return { start, length: Number.POSITIVE_INFINITY }
  }
  const end = integer(to, 'end')
  if (start !== null && start > end) throw outOfRange('start', `<= "end" (here: ${end})`, start)
  return { start, length: end - (start ?? 0) + 1 }
}

/** The stream's signal is that of each of its calls, so that none keeps the file open. */
function boundsOfStream({ signal }: StreamOptions): { signal: AbortSignal } | undefined {
  if (signal === undefined) return undefined
  if (!isAbortSignal(signal)) {
    throw invalidType('options.signal', 'an instance of AbortSignal', signal)
  }
  return { signal }
}
