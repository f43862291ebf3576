import { Readable, Writable } from 'node:stream'
import { outOfRange } from '../errors/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'
import { integer } from './arguments.ts'
import type { ReadResult, WriteResult } from './transfer.ts'

/** What a stream needs of a file. */
interface StreamedFile {
  readonly closed: boolean
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    options?: CallOptions,
  ): Promise<ReadResult<Buffer>>
  write(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    options?: CallOptions,
  ): Promise<WriteResult<Buffer>>
  close(): Promise<void>
}

export interface ReadStreamOptions {
  encoding?: BufferEncoding | null
  /** First byte to read; default: the file's own position. */
  start?: number
  /** Last byte to read, inclusive; default: to the end. */
  end?: number
  /** Bytes that are read at once and buffered. Default 64 KiB. */
  highWaterMark?: number
  /** Close the file when the stream ends. Default true. */
  autoClose?: boolean
  /** Destroys the stream, and cancels the read that is under way. */
  signal?: AbortSignal
}

export interface WriteStreamOptions {
  encoding?: BufferEncoding | null
  /** First byte to write; default: the file's own position. */
  start?: number
  highWaterMark?: number
  autoClose?: boolean
  /** Destroys the stream, and cancels the write that is under way. */
  signal?: AbortSignal
}

export function openReadStream(
  file: StreamedFile,
  options: ReadStreamOptions | BufferEncoding = {},
): Readable {
  const given = typeof options === 'string' ? { encoding: options } : options
  const chunk = integer(given.highWaterMark ?? 65536, 'highWaterMark', 1)
  const start = given.start === undefined ? null : integer(given.start, 'start')
  const end = given.end === undefined ? Number.POSITIVE_INFINITY : given.end
  if (end !== Number.POSITIVE_INFINITY) integer(end, 'end')
  if (start !== null && start > end) throw outOfRange('start', `<= "end" (here: ${end})`, start)
  let position = start
  const bounds = boundsOfStream(given.signal)
  let left = end === Number.POSITIVE_INFINITY ? end : end - (start ?? 0) + 1
  return new Readable({
    highWaterMark: chunk,
    encoding: given.encoding ?? undefined,
    signal: given.signal,
    autoDestroy: true,
    read(size) {
      const count = Math.min(Math.max(size, 1), chunk, left)
      if (count === 0) {
        this.push(null)
        return
      }
      file.read(Buffer.allocUnsafeSlow(count), 0, count, position, bounds).then(
        ({ bytesRead, buffer }) => {
          if (position !== null) position += bytesRead
          left -= bytesRead
          this.push(bytesRead === 0 ? null : buffer.subarray(0, bytesRead))
        },
        (error) => this.destroy(error),
      )
    },
    destroy: closing(file, given.autoClose),
  })
}

export function openWriteStream(
  file: StreamedFile,
  options: WriteStreamOptions | BufferEncoding = {},
): Writable {
  const given = typeof options === 'string' ? { encoding: options } : options
  let position = given.start === undefined ? null : integer(given.start, 'start')
  const bounds = boundsOfStream(given.signal)
  const write = (chunk: Buffer, callback: (error?: Error | null) => void): void => {
    file.write(chunk, 0, chunk.length, position, bounds).then(
      ({ bytesWritten }) => {
        if (position !== null) position += bytesWritten
        callback()
      },
      (error) => callback(error),
    )
  }
  return new Writable({
    highWaterMark: given.highWaterMark ?? 65536,
    defaultEncoding: given.encoding ?? 'utf8',
    decodeStrings: true,
    signal: given.signal,
    write: (chunk, _encoding, callback) => write(chunk, callback),
    writev: (chunks, callback) =>
      write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), callback),
    destroy: closing(file, given.autoClose),
  })
}

/** The stream's signal is that of each of its reads and writes, so that none keeps the file open. */
function boundsOfStream(signal: AbortSignal | undefined): CallOptions | undefined {
  return signal === undefined ? undefined : { signal }
}

function closing(file: StreamedFile, autoClose: boolean = true) {
  return (error: Error | null, callback: (error?: Error | null) => void): void => {
    if (!autoClose || file.closed) {
      callback(error)
      return
    }
    file.close().then(
      () => callback(error),
      (failed) => callback(error ?? failed),
    )
  }
}
