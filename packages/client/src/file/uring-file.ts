import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { invalidType, invalidValue } from '../errors/index.ts'
import {
  OPERATION_ALLOCATE,
  OPERATION_CHMOD,
  OPERATION_CHOWN,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  REQUEST_DRAIN,
  REQUEST_DURABLE,
  REQUEST_PARTIAL,
  TRIM_METHODS,
  type TrimMethod,
} from '../protocol/index.ts'
import { runAsync, runSync, type Steps } from '../transport/steps.ts'
import {
  byteOffset,
  bytesOf,
  fileMode,
  integer,
  parsePosition,
  positionValue,
} from './arguments.ts'
import { blockBytes, blockPosition, requireBlockSize } from './blocks.ts'
import {
  closeSteps,
  rangeRequest,
  requestOf,
  simpleSteps,
  statSteps,
  syncSteps,
  utimesSteps,
} from './file-steps.ts'
import type { FileHandleState } from './handle.ts'
import { readMany } from './read-many.ts'
import type { UringBigIntStats, UringStats } from './stats.ts'
import {
  openReadStream,
  openWriteStream,
  type ReadStreamOptions,
  type WriteStreamOptions,
} from './streams.ts'
import { type ReadResult, tryRead, tryWrite, type WriteResult } from './transfer.ts'
import { readSteps, writeSteps } from './transfer-steps.ts'
import { vectorReadSteps, vectorWriteSteps } from './vectors.ts'
import { readWholeSteps, textOrBytes, writableBytes } from './whole-file.ts'

/** Options that every operation takes. */
export interface OperationOptions {
  /** Start when all that this client posted before has completed, and hold back what follows. */
  drain?: boolean
}

export interface ReadOptions extends OperationOptions {
  /** First byte of the buffer to fill. Default 0. */
  offset?: number
  /** Bytes to read. Default: to the end of the buffer. */
  length?: number
  /** Byte of the file to begin at; null, the default, for the file's own position. */
  position?: number | bigint | null
  /** Take what one system call gives, even when that is short of both length and end of file. */
  partial?: boolean
}
export interface WriteOptions extends OperationOptions {
  offset?: number
  length?: number
  position?: number | bigint | null
}

export interface TrimResult {
  /** How it was done: a hole in a file, the device's discard, or zeroes written. */
  method: TrimMethod
}

const DEFAULT_READ_BYTES = 16384

/** The request flags that an options object asks for. */
export function operationFlags(options: OperationOptions | undefined | null): number {
  if (options === undefined || options === null) return 0
  if (typeof options !== 'object') throw invalidType('options', 'of type object', options)
  return options.drain ? REQUEST_DRAIN : 0
}

/**
 * An open file, as `fs.promises.FileHandle`, method for method: code can switch by changing `open`.
 * Every operation has a blocking twin (`readSync` …). Positions and lengths are in bytes. A read
 * is short only at the end of the file, and a write is whole or an error with `bytesWritten`.
 * Failures of the kernel are node:fs's errors; bad arguments reject, naming argument and range.
 */
export class UringFile {
  readonly #state: FileHandleState
  readonly #blockSize: number

  /** Made by `client.open()`. */
  constructor(state: FileHandleState, blockSize: number) {
    this.#state = state
    this.#blockSize = blockSize
  }

  /** The path that the file was opened with. */
  get path(): string {
    return this.#state.path
  }

  /** True once `close` was called. */
  get closed(): boolean {
    return this.#state.closed
  }

  /**
   * What position, length and memory of direct I/O on this file must be multiples of, in bytes:
   * from statx(2) STATX_DIOALIGN (Linux 6.1), else the device's logical block, else 4096.
   */
  get directAlignment(): number {
    return Math.max(this.#state.memoryAlignment, this.#state.offsetAlignment)
  }

  /** Bytes of a block for `readBlock` …; 0 when the file was opened without `blockSize`. */
  get blockSize(): number {
    return this.#blockSize
  }

  /** Internal: what chains and streams of this client work with. */
  static stateOf(file: UringFile): FileHandleState {
    if (!(file instanceof UringFile)) throw invalidType('file', 'an instance of UringFile', file)
    return file.#state
  }

  /**
   * Reads `length` bytes at `position` into `buffer` from `offset` on. Into a lease nothing is
   * copied; into any other memory the bytes are copied once, on this thread.
   */
  read<T extends ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
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
  ): Promise<ReadResult<ArrayBufferView>> {
    try {
      let flags = 0
      let target = buffer
      let from = offset
      if (typeof offset === 'object' || !ArrayBuffer.isView(buffer)) {
        const options = readOptions(buffer, offset)
        flags = operationFlags(options) | (options.partial ? REQUEST_PARTIAL : 0)
        target = options.buffer
        from = options.offset
        if (typeof offset === 'object' && offset !== null) {
          length = options.length
          position = options.position
        } else if (!ArrayBuffer.isView(buffer)) {
          length = options.length
          position = options.position
        }
      }
      const bytes = bytesOf(target, from, length)
      parsePosition(position)
      this.#state.assertOpen('read')
      const view = target as ArrayBufferView
      if (bytes.length === 0) return emptyRead(view, from, length)
      return (
        tryRead(this.#state, bytes, view, flags) ??
        this.#readSlowly(bytes, view, positionValue(position), flags)
      )
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async #readSlowly(
    bytes: Uint8Array,
    buffer: ArrayBufferView,
    position: number | bigint | null,
    flags: number,
  ): Promise<ReadResult<ArrayBufferView>> {
    const bytesRead = await this.#run(readSteps(this.#state, bytes, position, flags))
    return { bytesRead, buffer }
  }

  /** As `read`, blocking this thread; returns the number of bytes read. */
  readSync(
    buffer: ArrayBufferView,
    offset?: number | null | ReadOptions,
    length?: number | null,
    position?: number | bigint | null,
  ): number {
    const options = typeof offset === 'object' && offset !== null ? offset : undefined
    const bytes = bytesOf(
      buffer,
      options ? options.offset : (offset as number),
      options ? options.length : length,
    )
    const at = positionValue(options ? options.position : position)
    this.#state.assertOpen('read')
    if (bytes.length === 0) return 0
    const flags = operationFlags(options) | (options?.partial ? REQUEST_PARTIAL : 0)
    return this.#runSync(readSteps(this.#state, bytes, at, flags))
  }

  /** Writes `length` bytes of `buffer` from `offset` on, at `position`. */
  write<T extends ArrayBufferView>(
    buffer: T,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): Promise<WriteResult<T>>
  write<T extends ArrayBufferView>(buffer: T, options?: WriteOptions): Promise<WriteResult<T>>
  write(
    text: string,
    position?: number | bigint | null,
    encoding?: BufferEncoding,
  ): Promise<WriteResult<string>>
  write(
    buffer: unknown,
    offset?: unknown,
    length?: unknown,
    position?: unknown,
  ): Promise<WriteResult<unknown>> {
    return this.#write(buffer, offset, length, position, 0)
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
  ): Promise<WriteResult<T>> {
    return this.#write(buffer, offset, length, position, REQUEST_DURABLE) as Promise<WriteResult<T>>
  }

  #write(
    buffer: unknown,
    offset: unknown,
    length: unknown,
    position: unknown,
    baseFlags: number,
  ): Promise<WriteResult<unknown>> {
    try {
      let flags = baseFlags
      if (typeof buffer === 'string') {
        const bytes = Buffer.from(buffer, (length as BufferEncoding) ?? 'utf8')
        return this.#writeBytes(bytes, buffer, offset, flags)
      }
      if (typeof offset === 'object' && offset !== null) {
        const options = offset as WriteOptions
        flags |= operationFlags(options)
        const bytes = bytesOf(buffer, options.offset, options.length)
        return this.#writeBytes(bytes, buffer, options.position, flags)
      }
      return this.#writeBytes(bytesOf(buffer, offset, length), buffer, position, flags)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  #writeBytes(
    bytes: Uint8Array,
    buffer: unknown,
    position: unknown,
    flags: number,
  ): Promise<WriteResult<unknown>> {
    parsePosition(position)
    this.#state.assertOpen('write')
    if (bytes.length === 0 && flags === 0) return Promise.resolve({ bytesWritten: 0, buffer })
    return (
      (bytes.length > 0 ? tryWrite(this.#state, bytes, buffer, flags) : null) ??
      this.#writeSlowly(bytes, buffer, positionValue(position), flags)
    )
  }

  async #writeSlowly(
    bytes: Uint8Array,
    buffer: unknown,
    position: number | bigint | null,
    flags: number,
  ): Promise<WriteResult<unknown>> {
    const bytesWritten = await this.#run(this.#wholeWrite(bytes, position, flags))
    return { bytesWritten, buffer }
  }

  *#wholeWrite(bytes: Uint8Array, position: number | bigint | null, flags: number): Steps<number> {
    const written = bytes.length === 0 ? 0 : yield* writeSteps(this.#state, bytes, position, flags)
    if (bytes.length === 0 && flags & REQUEST_DURABLE) yield* syncSteps(this.#state, true, 0)
    return written
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
    baseFlags: number,
  ): number {
    let flags = baseFlags
    let bytes: Uint8Array
    let at: unknown
    if (typeof buffer === 'string') {
      bytes = Buffer.from(buffer, (length as BufferEncoding) ?? 'utf8')
      at = offset
    } else if (typeof offset === 'object' && offset !== null) {
      const options = offset as WriteOptions
      flags |= operationFlags(options)
      bytes = bytesOf(buffer, options.offset, options.length)
      at = options.position
    } else {
      bytes = bytesOf(buffer, offset, length)
      at = position
    }
    const value = positionValue(at)
    this.#state.assertOpen('write')
    return this.#runSync(this.#wholeWrite(bytes, value, flags))
  }

  /** Reads into several buffers, one after the other, from consecutive bytes of the file. */
  async readv(
    buffers: readonly ArrayBufferView[],
    position?: number | bigint | null,
  ): Promise<{ bytesRead: number; buffers: readonly ArrayBufferView[] }> {
    return { bytesRead: await this.#run(vectorReadSteps(this.#state, buffers, position)), buffers }
  }

  readvSync(buffers: readonly ArrayBufferView[], position?: number | bigint | null): number {
    return this.#runSync(vectorReadSteps(this.#state, buffers, position))
  }

  /** Writes several buffers to consecutive bytes of the file. */
  async writev(
    buffers: readonly ArrayBufferView[],
    position?: number | bigint | null,
  ): Promise<{ bytesWritten: number; buffers: readonly ArrayBufferView[] }> {
    return {
      bytesWritten: await this.#run(vectorWriteSteps(this.#state, buffers, position)),
      buffers,
    }
  }

  writevSync(buffers: readonly ArrayBufferView[], position?: number | bigint | null): number {
    return this.#runSync(vectorWriteSteps(this.#state, buffers, position))
  }

  /** Reads `length` bytes at each position; one promise for all. Views are short at end of file. */
  readMany(positions: ArrayLike<number>, length: number): Promise<Uint8Array[]> {
    return this.#state.transport.track(readMany(this.#state, positions, length))
  }

  /** Reads from the file's own position to its end: bytes, or text when an encoding is given. */
  async readFile(
    options?: BufferEncoding | { encoding?: BufferEncoding | null } | null,
  ): Promise<Buffer | string> {
    return textOrBytes(await this.#run(readWholeSteps(this.#state)), options)
  }

  readFileSync(
    options?: BufferEncoding | { encoding?: BufferEncoding | null } | null,
  ): Buffer | string {
    return textOrBytes(this.#runSync(readWholeSteps(this.#state)), options)
  }

  /** Writes all of `data` from the file's own position on. */
  async writeFile(
    data: string | ArrayBufferView,
    options?: BufferEncoding | { encoding?: BufferEncoding | null } | null,
  ): Promise<void> {
    const bytes = writableBytes(data, options)
    if (bytes.length > 0) await this.#writeBytes(bytes, null, null, 0)
  }

  /** As `writeFile`: a file opened with 'a' appends. */
  appendFile(
    data: string | ArrayBufferView,
    options?: BufferEncoding | { encoding?: BufferEncoding | null } | null,
  ): Promise<void> {
    return this.writeFile(data, options)
  }

  /** Status of the file. The direct-I/O alignments are in bytes. */
  stat(options: { bigint: true }): Promise<UringBigIntStats>
  stat(options?: { bigint?: boolean }): Promise<UringStats>
  stat(options?: { bigint?: boolean }): Promise<UringStats | UringBigIntStats> {
    return this.#run(statSteps(this.#state, options?.bigint === true))
  }

  statSync(options: { bigint: true }): UringBigIntStats
  statSync(options?: { bigint?: boolean }): UringStats
  statSync(options?: { bigint?: boolean }): UringStats | UringBigIntStats {
    return this.#runSync(statSteps(this.#state, options?.bigint === true))
  }

  /** fsync(2). Syncs that are asked for at the same time share one. A failure stays. */
  sync(options?: OperationOptions): Promise<void> {
    return this.#later(() => syncSteps(this.#state, false, operationFlags(options)))
  }

  syncSync(): void {
    this.#runSync(syncSteps(this.#state, false, 0))
  }

  /** fdatasync(2). Syncs that are asked for at the same time share one. A failure stays. */
  datasync(options?: OperationOptions): Promise<void> {
    return this.#later(() => syncSteps(this.#state, true, operationFlags(options)))
  }

  datasyncSync(): void {
    this.#runSync(syncSteps(this.#state, true, 0))
  }

  /**
   * sync_file_range(2): starts write-out of a range and waits for it. It is no durability: neither
   * metadata nor the device's cache is flushed. `length` 0 reaches to the end of the file.
   */
  syncRange(
    position: number | bigint,
    length: number | bigint,
    options?: OperationOptions,
  ): Promise<void> {
    return this.#later(() =>
      this.#rangeSteps(
        OPERATION_SYNC_RANGE,
        position,
        length,
        'sync_file_range',
        operationFlags(options),
        7,
      ),
    )
  }

  syncRangeSync(position: number | bigint, length: number | bigint): void {
    this.#runSync(this.#rangeSteps(OPERATION_SYNC_RANGE, position, length, 'sync_file_range', 0, 7))
  }

  /** fallocate(2): reserves space for a range and grows the file to its end where needed. */
  allocate(
    position: number | bigint,
    length: number | bigint,
    options?: OperationOptions,
  ): Promise<void> {
    return this.#later(() =>
      this.#rangeSteps(
        OPERATION_ALLOCATE,
        position,
        length,
        'fallocate',
        operationFlags(options),
        0,
      ),
    )
  }

  allocateSync(position: number | bigint, length: number | bigint): void {
    this.#runSync(this.#rangeSteps(OPERATION_ALLOCATE, position, length, 'fallocate', 0, 0))
  }

  *#rangeSteps(
    operation: number,
    position: unknown,
    length: unknown,
    syscall: string,
    flags: number,
    rwFlags: number,
  ): Steps<void> {
    const from = byteOffset(position, 'position')
    const count = byteOffset(length, 'length')
    const spec = rangeRequest(this.#state, operation, from, count, { flags, rwFlags })
    yield* simpleSteps(this.#state, spec, syscall)
  }

  /**
   * Gives the space of a range back; it reads as zeros. A hole in a file, whose size stays; discard
   * on a block device, whose range must be a multiple of its logical block. The result tells which.
   */
  trim(
    position: number | bigint,
    length: number | bigint,
    options?: OperationOptions,
  ): Promise<TrimResult> {
    return this.#later(() => this.#trimSteps(position, length, operationFlags(options)))
  }

  trimSync(position: number | bigint, length: number | bigint): TrimResult {
    return this.#runSync(this.#trimSteps(position, length, 0))
  }

  *#trimSteps(position: unknown, length: unknown, flags: number): Steps<TrimResult> {
    const from = byteOffset(position, 'position')
    const count = byteOffset(length, 'length')
    const spec = rangeRequest(this.#state, OPERATION_TRIM, from, count, { flags })
    const { extra } = yield* simpleSteps(this.#state, spec, 'trim')
    return { method: TRIM_METHODS[extra] ?? 'zeroes' }
  }

  /** Sets the size of the file in bytes; what is new reads as zeros. */
  truncate(length: number | bigint = 0, options?: OperationOptions): Promise<void> {
    return this.#later(() => this.#truncateSteps(length, operationFlags(options)))
  }

  truncateSync(length: number | bigint = 0): void {
    this.#runSync(this.#truncateSteps(length, 0))
  }

  *#truncateSteps(length: unknown, flags: number): Steps<void> {
    // As node:fs does, a negative length counts as zero.
    const size = typeof length === 'number' && length < 0 ? 0 : byteOffset(length, 'len')
    const spec = rangeRequest(this.#state, OPERATION_TRUNCATE, size, 0, { flags })
    yield* simpleSteps(this.#state, spec, 'ftruncate')
  }

  /** Changes the permissions of the file. */
  chmod(mode: number | string): Promise<void> {
    return this.#later(() => this.#chmodSteps(mode))
  }

  *#chmodSteps(mode: unknown): Steps<void> {
    const spec = requestOf(this.#state, OPERATION_CHMOD, { offLow: fileMode(mode, 'mode', 0) })
    yield* simpleSteps(this.#state, spec, 'fchmod')
  }

  /** Changes owner and group of the file. */
  chown(uid: number, gid: number): Promise<void> {
    return this.#later(() => this.#chownSteps(uid, gid))
  }

  *#chownSteps(uid: unknown, gid: unknown): Steps<void> {
    const spec = requestOf(this.#state, OPERATION_CHOWN, {
      offLow: integer(uid, 'uid', -1, 0xffffffff) | 0,
      offHigh: integer(gid, 'gid', -1, 0xffffffff) | 0,
    })
    yield* simpleSteps(this.#state, spec, 'fchown')
  }

  /** Sets access and modification time: seconds since the epoch, or Dates. */
  utimes(atime: number | string | Date, mtime: number | string | Date): Promise<void> {
    return this.#later(() =>
      utimesSteps(this.#state, seconds(atime, 'atime'), seconds(mtime, 'mtime')),
    )
  }

  /** Reads block `n` (of `blockSize` bytes); the view is short at the end of the file. */
  async readBlock(n: number): Promise<Uint8Array> {
    const size = requireBlockSize(this.#blockSize)
    const position = blockPosition(n, size)
    const bytes = new Uint8Array(size)
    const { bytesRead } = await this.read(bytes, 0, size, position)
    return bytesRead === size ? bytes : bytes.subarray(0, bytesRead)
  }

  /** Writes block `n`; `data` must be exactly `blockSize` bytes. */
  async writeBlock(n: number, data: ArrayBufferView): Promise<void> {
    const size = requireBlockSize(this.#blockSize)
    const position = blockPosition(n, size)
    await this.write(blockBytes(data, size), 0, size, position)
  }

  /** Trims block `n`. */
  async trimBlock(n: number): Promise<TrimResult> {
    const size = requireBlockSize(this.#blockSize)
    return this.trim(blockPosition(n, size), size)
  }

  /** A stream of the file's bytes; `start` and `end` (inclusive) in bytes. */
  createReadStream(options?: ReadStreamOptions | BufferEncoding): Readable {
    return openReadStream(this, options)
  }

  /** A stream that writes to the file, from `start` on. */
  createWriteStream(options?: WriteStreamOptions | BufferEncoding): Writable {
    return openWriteStream(this, options)
  }

  /** The file's lines, as `readline` gives them. */
  readLines(options?: ReadStreamOptions): Interface {
    return createInterface({
      input: this.createReadStream(options),
      crlfDelay: Number.POSITIVE_INFINITY,
    })
  }

  /** Closes the file when what is in flight on it has completed. */
  close(): Promise<void> {
    return this.#run(closeSteps(this.#state))
  }

  closeSync(): void {
    this.#runSync(closeSteps(this.#state))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closed) await this.close()
  }

  #run<T>(steps: Steps<T>): Promise<T> {
    return runAsync(this.#state.transport, steps)
  }

  /** As `#run`, for steps whose making already checks arguments. */
  async #later<T>(steps: () => Steps<T>): Promise<T> {
    return this.#run(steps())
  }

  #runSync<T>(steps: Steps<T>): T {
    return runSync(this.#state.transport, steps)
  }
}

function readOptions(buffer: unknown, offset: unknown): ReadOptions & { buffer: ArrayBufferView } {
  if (ArrayBuffer.isView(buffer)) return { ...(offset as ReadOptions | null), buffer }
  if (buffer !== undefined && buffer !== null && typeof buffer !== 'object') {
    throw invalidType('buffer', 'an instance of Buffer, TypedArray, or DataView', buffer)
  }
  const options = (buffer ?? {}) as ReadOptions & { buffer?: ArrayBufferView }
  return { ...options, buffer: options.buffer ?? Buffer.alloc(DEFAULT_READ_BYTES) }
}

/** node:fs reads nothing when asked for nothing, and refuses a buffer that can hold nothing. */
function emptyRead(
  buffer: ArrayBufferView,
  offset: unknown,
  length: unknown,
): Promise<ReadResult<ArrayBufferView>> {
  if (length !== 0 && buffer.byteLength === 0 && offset !== undefined) {
    throw invalidValue('buffer', 'is empty and cannot be written', buffer)
  }
  return Promise.resolve({ bytesRead: 0, buffer })
}

function seconds(time: unknown, name: string): number {
  if (time instanceof Date) return time.getTime() / 1000
  const value = typeof time === 'string' ? Number(time) : time
  if (typeof value !== 'number')
    throw invalidType(name, 'of type number or string, or a Date', time)
  if (!Number.isFinite(value)) throw invalidType(name, 'a finite time', time)
  return value
}
