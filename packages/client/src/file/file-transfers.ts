import { holdingLeases } from '../memory/lease-holds.ts'
import { REQUEST_DURABLE } from '../protocol/index.ts'
import { bounded, boundsOf, type CallBounds, type CallOptions } from '../transport/call-bounds.ts'
import { ordered } from '../transport/ordered.ts'
import type { Steps } from '../transport/steps.ts'
import { positionValue, usableView } from './arguments.ts'
import { cachedWithin, readCached, readCachedSync } from './cached.ts'
import { feedPieces } from './feed-pieces.ts'
import { FileCalls } from './file-calls.ts'
import { syncSteps } from './file-steps.ts'
import {
  type OperationOptions,
  type ReadOptions,
  refuseBounds,
  type WriteOptions,
} from './options.ts'
import { placesOf, readMany } from './read-many.ts'
import { type ReadResult, tryRead, tryWrite, type WriteResult } from './transfer.ts'
import {
  readArguments,
  refuseUnwritable,
  type TransferArguments,
  writeArguments,
} from './transfer-arguments.ts'
import { readSteps, writeSteps } from './transfer-steps.ts'
import { vectorOf, vectorReadSteps, vectorWriteSteps } from './vectors.ts'
import {
  type BytesOptions,
  type EncodingOptions,
  encodingOf,
  type FileBytes,
  type FileData,
  type FileOptions,
  isIterable,
  readWholeSteps,
  type TextOptions,
  textOrBytes,
  writableBytes,
} from './whole-file.ts'

/** What of a UringFile moves bytes: reads and writes of all shapes. */
export abstract class FileTransfers extends FileCalls {
  /**
   * Reads `length` bytes at `position` into `buffer` from `offset` on. Into a lease nothing is
   * copied; into any other memory the bytes are copied once, on this thread.
   */
  read<T extends ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
    options?: OperationOptions,
  ): Promise<ReadResult<T>>
  read<T extends ArrayBufferView>(buffer: T, options?: ReadOptions): Promise<ReadResult<T>>
  read<T extends ArrayBufferView = Buffer>(
    options?: ReadOptions & { buffer?: T },
  ): Promise<ReadResult<T>>
  read(
    buffer?: unknown,
    offset?: unknown,
    length?: unknown,
    position?: unknown,
    options?: OperationOptions,
  ): Promise<ReadResult<ArrayBufferView>> {
    try {
      const given = readArguments(buffer, offset, length, position, options)
      this.state.assertTakes('read')
      const { bytes, memory, flags } = given
      const bounds = this.#boundsOf(given)
      if (bounds !== null) return bounds.guard(() => this.#readSlowly(given, bounds))
      if (bytes.length === 0) return Promise.resolve({ bytesRead: 0, buffer: given.buffer })
      return (
        readCached(this.state, given) ??
        tryRead(this.state, bytes, memory, given.buffer, flags) ??
        this.#readSlowly(given, null)
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #readSlowly(
    given: TransferArguments<ArrayBufferView>,
    bounds: CallBounds | null,
  ): Promise<ReadResult<ArrayBufferView>> {
    const { bytes, buffer, flags } = given
    if (bytes.length === 0) return { bytesRead: 0, buffer }
    if (bounds !== null) {
      const cached = readCached(this.state, given)
      if (cached !== null) return cachedWithin(bounds, given, cached)
    }
    const steps = readSteps(this.state, bytes, positionValue(given.position), flags)
    const bytesRead = await holdingLeases([bytes], () => this.run(steps, flags, bounds))
    return { bytesRead, buffer: bounds?.kept ?? buffer }
  }

  #boundsOf({ options }: TransferArguments<unknown>): CallBounds | null {
    return options === undefined ? null : boundsOf(this.state.transport, options)
  }

  /** As `read`, blocking this thread; returns the number of bytes read. */
  readSync(
    buffer: ArrayBufferView,
    offset?: number | null | ReadOptions,
    length?: number | null,
    position?: number | bigint | null,
  ): number {
    // Of a buffer that is made here nobody would see what it holds.
    usableView(buffer, 'buffer')
    const given = readArguments(buffer, offset, length, position, undefined)
    refuseBounds(given.options)
    this.state.assertTakes('read')
    if (given.bytes.length === 0) return 0
    const cached = readCachedSync(this.state, given)
    if (cached >= 0) return cached
    const at = positionValue(given.position)
    return this.runSync(readSteps(this.state, given.bytes, at, given.flags))
  }

  /** Writes `length` bytes of `buffer` from `offset` on, at `position`; or a text. */
  write<T extends ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
    options?: OperationOptions,
  ): Promise<WriteResult<T>>
  write<T extends ArrayBufferView>(buffer: T, options?: WriteOptions): Promise<WriteResult<T>>
  write(
    text: string,
    position?: number | bigint | null,
    encoding?: BufferEncoding,
    options?: OperationOptions,
  ): Promise<WriteResult<string>>
  write(
    buffer: unknown,
    offset?: unknown,
    length?: unknown,
    position?: unknown,
    options?: OperationOptions,
  ): Promise<WriteResult<unknown>> {
    return this.#write(buffer, offset, length, position, 0, options)
  }

  /**
   * As `write`, and the promise resolves only when the bytes are durable: all written, then a
   * fdatasync that began afterwards. Durable writes and syncs that run at the same time share it.
   */
  writeDurable<T extends ArrayBufferView>(
    buffer: T,
    offset?: number | null | WriteOptions,
    length?: number | null,
    position?: number | bigint | null,
    options?: OperationOptions,
  ): Promise<WriteResult<T>> {
    const result = this.#write(buffer, offset, length, position, REQUEST_DURABLE, options)
    return result as Promise<WriteResult<T>>
  }

  #write(
    buffer: unknown,
    offset: unknown,
    length: unknown,
    position: unknown,
    flags: number,
    options: OperationOptions | undefined,
  ): Promise<WriteResult<unknown>> {
    try {
      const given = writeArguments(buffer, offset, length, position, options)
      return this.#writeGiven(given, given.flags | flags)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #writeGiven(given: TransferArguments<unknown>, flags: number): Promise<WriteResult<unknown>> {
    const { bytes, memory, buffer } = given
    this.state.assertTakes('write')
    if (bytes.length === 0) refuseUnwritable(this.state, buffer)
    const bounds = this.#boundsOf(given)
    if (bounds !== null) return bounds.guard(() => this.#writeSlowly(given, flags, bounds))
    if (bytes.length > 0) {
      const written = tryWrite(this.state, bytes, memory, buffer, flags)
      return written ?? this.#writeSlowly(given, flags, null)
    }
    if (flags === 0) return Promise.resolve({ bytesWritten: 0, buffer })
    return this.#writeSlowly(given, flags, null)
  }

  async #writeSlowly(
    given: TransferArguments<unknown>,
    flags: number,
    bounds: CallBounds | null,
  ): Promise<WriteResult<unknown>> {
    const steps = this.#writeSteps(given, flags)
    const bytesWritten = await holdingLeases([given.bytes], () => this.run(steps, flags, bounds))
    return { bytesWritten, buffer: given.buffer }
  }

  *#writeSteps(given: TransferArguments<unknown>, flags: number): Steps<number> {
    const { bytes } = given
    if (bytes.length > 0) {
      return yield* writeSteps(this.state, bytes, positionValue(given.position), flags)
    }
    // Nothing to write, durably, is still a promise about what was written before.
    if (flags & REQUEST_DURABLE) yield* syncSteps(this.state, true, 0)
    return 0
  }

  /** As `write`, blocking this thread; returns the number of bytes written. */
  writeSync(
    buffer: ArrayBufferView | string,
    offset?: number | bigint | null | WriteOptions,
    length?: number | string | null,
    position?: number | bigint | null,
  ): number {
    return this.#writeSync(buffer, offset, length, position, 0)
  }

  /** As `writeDurable`, blocking this thread. */
  writeDurableSync(
    buffer: ArrayBufferView | string,
    offset?: number | bigint | null | WriteOptions,
    length?: number | string | null,
    position?: number | bigint | null,
  ): number {
    return this.#writeSync(buffer, offset, length, position, REQUEST_DURABLE)
  }

  #writeSync(
    buffer: unknown,
    offset: unknown,
    length: unknown,
    position: unknown,
    flags: number,
  ): number {
    const given = writeArguments(buffer, offset, length, position, undefined)
    refuseBounds(given.options)
    this.state.assertTakes('write')
    if (given.bytes.length === 0) refuseUnwritable(this.state, given.buffer)
    return this.runSync(this.#writeSteps(given, given.flags | flags))
  }

  /** Reads into several buffers, one after the other, from consecutive bytes of the file. */
  async readv(
    buffers: readonly ArrayBufferView[],
    position?: number | bigint | null,
    options?: CallOptions,
  ): Promise<{ bytesRead: number; buffers: readonly ArrayBufferView[] }> {
    const views = vectorOf(buffers)
    const steps = vectorReadSteps(this.state, views, position)
    const begin = () => this.within(options, steps, (bytesRead) => ({ bytesRead, buffers }))
    return holdingLeases(views, begin)
  }

  readvSync(buffers: readonly ArrayBufferView[], position?: number | bigint | null): number {
    return this.runSync(vectorReadSteps(this.state, vectorOf(buffers), position))
  }

  /** Writes several buffers to consecutive bytes of the file. */
  async writev(
    buffers: readonly ArrayBufferView[],
    position?: number | bigint | null,
    options?: CallOptions,
  ): Promise<{ bytesWritten: number; buffers: readonly ArrayBufferView[] }> {
    const views = vectorOf(buffers)
    const steps = vectorWriteSteps(this.state, views, position)
    const begin = () => this.within(options, steps, (bytesWritten) => ({ bytesWritten, buffers }))
    return holdingLeases(views, begin)
  }

  writevSync(buffers: readonly ArrayBufferView[], position?: number | bigint | null): number {
    return this.runSync(vectorWriteSteps(this.state, vectorOf(buffers), position))
  }

  /** Reads `length` bytes at each position; one promise for all. Views are short at end of file. */
  async readMany(
    positions: ArrayLike<number>,
    length: number,
    options?: CallOptions,
  ): Promise<Uint8Array[]> {
    const { transport, runs } = this.state
    this.state.assertTakes('read')
    const bounds = boundsOf(transport, options)
    const places = placesOf(this.state, positions, length)
    const begin = (): Promise<Uint8Array[]> => readMany(this.state, places, length, bounds)
    return bounded(bounds, () => ordered(transport, 0, begin, bounds, runs))
  }

  /** Reads from the file's own position to its end: bytes, or text when an encoding is given. */
  readFile(options?: BytesOptions<CallOptions>): Promise<FileBytes>
  readFile(options: TextOptions<CallOptions>): Promise<string>
  readFile(options?: FileOptions): Promise<FileBytes | string>
  async readFile(options?: FileOptions): Promise<FileBytes | string> {
    const encoding = encodingOf(options)
    const steps = readWholeSteps(this.state)
    return this.within(options, steps, (bytes) => textOrBytes(bytes, encoding))
  }

  readFileSync(options?: BytesOptions<object>): FileBytes
  readFileSync(options: TextOptions<object>): string
  readFileSync(options?: EncodingOptions): FileBytes | string
  readFileSync(options?: EncodingOptions): FileBytes | string {
    refuseBounds(options)
    const encoding = encodingOf(options)
    return textOrBytes(this.runSync(readWholeSteps(this.state)), encoding)
  }

  /**
   * Writes all of `data` from the file's own position on: a text, bytes, or the pieces that a stream
   * or another iterable gives, one after the other.
   */
  async writeFile(data: FileData, options?: FileOptions): Promise<void> {
    const encoding = encodingOf(options)
    const given = typeof options === 'object' ? (options ?? undefined) : undefined
    if (isIterable(data)) {
      const bounds = boundsOf(this.state.transport, given)
      return feedPieces(this.state, data, encoding, bounds)
    }
    const bytes = writableBytes(data, encoding)
    await this.#writeGiven(
      { ...writeArguments(bytes, 0, undefined, null, undefined), options: given },
      0,
    )
  }

  writeFileSync(data: string | ArrayBufferView, options?: EncodingOptions): void {
    refuseBounds(options)
    this.#writeSync(writableBytes(data, options), 0, undefined, null, 0)
  }

  /** As `writeFile`: a file opened with 'a' appends. */
  appendFile(data: FileData, options?: FileOptions): Promise<void> {
    return this.writeFile(data, options)
  }
}
