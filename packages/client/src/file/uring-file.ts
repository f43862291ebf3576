import { createInterface, type Interface } from 'node:readline'
import type { ReadableStream } from 'node:stream/web'
import { invalidState, invalidType } from '../errors/index.ts'
import {
  OPERATION_ALLOCATE,
  OPERATION_CHMOD,
  OPERATION_CHOWN,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  TRIM_METHODS,
} from '../protocol/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'
import type { Steps } from '../transport/steps.ts'
import { byteOffset, fileMode, integer, seconds, truncationLength } from './arguments.ts'
import { blockBytes, blockPosition, requireBlockSize } from './blocks.ts'
import { FileClosing } from './closing.ts'
import {
  rangeRequest,
  requestOf,
  simpleSteps,
  statSteps,
  syncSteps,
  utimesSteps,
} from './file-steps.ts'
import { FileTransfers } from './file-transfers.ts'
import type { FileHandleState } from './handle.ts'
import { type OperationOptions, refuseBounds, type TrimResult } from './options.ts'
import type { UringBigIntStats, UringStats } from './stats.ts'
import {
  type ReadStreamOptions,
  streamOptions,
  UringReadStream,
  UringWriteStream,
  type WriteStreamOptions,
} from './streams.ts'
import { openWebStream, type WebStreamOptions } from './web-stream.ts'

/** sync_file_range: wait for what is under way, start the rest, wait for it. */
const SYNC_RANGE_FLAGS = 7

/**
 * An open file, as `fs.promises.FileHandle`, method for method: code can switch by changing `open`.
 * Every operation has a blocking twin (`readSync` …). Positions and lengths are in bytes. A read
 * is short only at the end of the file, and a write is whole or an error with `bytesWritten`.
 * Failures of the kernel are node:fs's errors; bad arguments reject, naming argument and range.
 */
export class UringFile extends FileTransfers {
  readonly #blockSize: number
  readonly #closing: FileClosing
  #hasWebStream = false

  /** Made by `client.open()`. */
  constructor(state: FileHandleState, blockSize: number) {
    super(state)
    this.#blockSize = blockSize
    this.#closing = new FileClosing(state)
  }

  /** The path that the file was opened with. */
  get path(): string {
    return this.state.path
  }

  /** True once `close` was called. */
  get closed(): boolean {
    return this.#closing.begun
  }

  /**
   * What position, length and memory of direct I/O on this file must be multiples of, in bytes:
   * from statx(2) STATX_DIOALIGN (Linux 6.1), else the device's logical block, else 4096.
   */
  get directAlignment(): number {
    return Math.max(this.state.memoryAlignment, this.state.offsetAlignment)
  }

  /** Bytes of a block for `readBlock` …; 0 when the file was opened without `blockSize`. */
  get blockSize(): number {
    return this.#blockSize
  }

  /** Internal: what chains and streams of this client work with. */
  static stateOf(file: UringFile): FileHandleState {
    if (!(file instanceof UringFile)) throw invalidType('file', 'an instance of UringFile', file)
    return file.state
  }

  /** Status of the file. The direct-I/O alignments are in bytes. */
  stat(options: CallOptions & { bigint: true }): Promise<UringBigIntStats>
  stat(options?: CallOptions & { bigint?: boolean }): Promise<UringStats>
  async stat(options?: CallOptions & { bigint?: boolean }): Promise<UringStats | UringBigIntStats> {
    const steps = statSteps(this.state, options?.bigint === true)
    return this.within(options, steps, (stats) => stats)
  }

  statSync(options: { bigint: true }): UringBigIntStats
  statSync(options?: { bigint?: boolean }): UringStats
  statSync(options?: { bigint?: boolean }): UringStats | UringBigIntStats {
    refuseBounds(options)
    return this.runSync(statSteps(this.state, options?.bigint === true))
  }

  /** fsync(2). Syncs that are asked for at the same time share one. A failure stays. */
  sync(options?: OperationOptions): Promise<void> {
    return this.later(options, (flags) => syncSteps(this.state, false, flags))
  }

  syncSync(): void {
    this.runSync(syncSteps(this.state, false, 0))
  }

  /** fdatasync(2). Syncs that are asked for at the same time share one. A failure stays. */
  datasync(options?: OperationOptions): Promise<void> {
    return this.later(options, (flags) => syncSteps(this.state, true, flags))
  }

  datasyncSync(): void {
    this.runSync(syncSteps(this.state, true, 0))
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
    return this.later(options, (flags) =>
      this.#rangeSteps(
        OPERATION_SYNC_RANGE,
        position,
        length,
        'sync_file_range',
        flags,
        SYNC_RANGE_FLAGS,
      ),
    )
  }

  syncRangeSync(position: number | bigint, length: number | bigint): void {
    this.runSync(
      this.#rangeSteps(
        OPERATION_SYNC_RANGE,
        position,
        length,
        'sync_file_range',
        0,
        SYNC_RANGE_FLAGS,
      ),
    )
  }

  /** fallocate(2): reserves space for a range and grows the file to its end where needed. */
  allocate(
    position: number | bigint,
    length: number | bigint,
    options?: OperationOptions,
  ): Promise<void> {
    return this.later(options, (flags) =>
      this.#rangeSteps(OPERATION_ALLOCATE, position, length, 'fallocate', flags, 0),
    )
  }

  allocateSync(position: number | bigint, length: number | bigint): void {
    this.runSync(this.#rangeSteps(OPERATION_ALLOCATE, position, length, 'fallocate', 0, 0))
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
    const spec = rangeRequest(this.state, operation, from, count, { flags, rwFlags })
    yield* simpleSteps(this.state, spec, syscall)
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
    return this.later(options, (flags) => this.#trimSteps(position, length, flags))
  }

  trimSync(position: number | bigint, length: number | bigint): TrimResult {
    return this.runSync(this.#trimSteps(position, length, 0))
  }

  *#trimSteps(position: unknown, length: unknown, flags: number): Steps<TrimResult> {
    const from = byteOffset(position, 'position')
    const count = byteOffset(length, 'length')
    const spec = rangeRequest(this.state, OPERATION_TRIM, from, count, { flags })
    const { extra } = yield* simpleSteps(this.state, spec, 'trim')
    return { method: TRIM_METHODS[extra] ?? 'zeroes' }
  }

  /** Sets the size of the file in bytes; what is new reads as zeros. */
  truncate(length: number | bigint = 0, options?: OperationOptions): Promise<void> {
    return this.later(options, (flags) => this.#truncateSteps(length, flags))
  }

  truncateSync(length: number | bigint = 0): void {
    this.runSync(this.#truncateSteps(length, 0))
  }

  *#truncateSteps(length: unknown, flags: number): Steps<void> {
    const size = truncationLength(length)
    const spec = rangeRequest(this.state, OPERATION_TRUNCATE, size, 0, { flags })
    yield* simpleSteps(this.state, spec, 'ftruncate')
  }

  /** Changes the permissions of the file. */
  chmod(mode: number | string, options?: CallOptions): Promise<void> {
    return this.later(options, () => this.#chmodSteps(mode))
  }

  *#chmodSteps(mode: unknown): Steps<void> {
    const spec = requestOf(this.state, OPERATION_CHMOD, { offLow: fileMode(mode, 'mode') })
    yield* simpleSteps(this.state, spec, 'fchmod')
  }

  /** Changes owner and group of the file. */
  chown(uid: number, gid: number, options?: CallOptions): Promise<void> {
    return this.later(options, () => this.#chownSteps(uid, gid))
  }

  *#chownSteps(uid: unknown, gid: unknown): Steps<void> {
    const spec = requestOf(this.state, OPERATION_CHOWN, {
      offLow: integer(uid, 'uid', -1, 0xffffffff) | 0,
      offHigh: integer(gid, 'gid', -1, 0xffffffff) | 0,
    })
    yield* simpleSteps(this.state, spec, 'fchown')
  }

  /** Sets access and modification time: seconds since the epoch, or Dates. */
  utimes(
    atime: number | string | Date,
    mtime: number | string | Date,
    options?: CallOptions,
  ): Promise<void> {
    return this.later(options, () =>
      utimesSteps(this.state, seconds(atime, 'atime'), seconds(mtime, 'mtime')),
    )
  }

  /** Reads block `n` (of `blockSize` bytes); the view is short at the end of the file. */
  async readBlock(n: number, options?: OperationOptions): Promise<Uint8Array> {
    const size = requireBlockSize(this.#blockSize)
    const position = blockPosition(n, size)
    const bytes = new Uint8Array(size)
    const { bytesRead } = await this.read(bytes, 0, size, position, options)
    return bytesRead === size ? bytes : bytes.subarray(0, bytesRead)
  }

  /** Writes block `n`; `data` must be exactly `blockSize` bytes. */
  async writeBlock(n: number, data: ArrayBufferView, options?: OperationOptions): Promise<void> {
    const size = requireBlockSize(this.#blockSize)
    const position = blockPosition(n, size)
    await this.write(blockBytes(data, size), 0, size, position, options)
  }

  /** Trims block `n`. */
  async trimBlock(n: number, options?: OperationOptions): Promise<TrimResult> {
    const size = requireBlockSize(this.#blockSize)
    return this.trim(blockPosition(n, size), size, options)
  }

  /**
   * A stream of the file's bytes; `start` and `end` (inclusive) in bytes. While they are used the
   * next ones are read, but nothing is read ahead of a pipe or a terminal.
   */
  createReadStream(options?: ReadStreamOptions | BufferEncoding | null): UringReadStream {
    return new UringReadStream(this, this.state, streamOptions(options))
  }

  /** A stream that writes to the file, from `start` on. */
  createWriteStream(options?: WriteStreamOptions | BufferEncoding | null): UringWriteStream {
    return new UringWriteStream(this, this.state, streamOptions(options))
  }

  /**
   * A byte stream of the web's kind, from the file's own position to the end. It can be had once.
   * The file stays open when it ends, unless `autoClose` is given.
   */
  readableWebStream(options: WebStreamOptions = {}): ReadableStream<Uint8Array> {
    if (this.closed) throw invalidState('The file is closed or closing')
    if (this.#hasWebStream) throw invalidState('The file has a web stream already')
    const stream = openWebStream(this, this.state, options)
    this.#hasWebStream = true
    return stream
  }

  /** The file's lines, as `readline` gives them. */
  readLines(options?: ReadStreamOptions | BufferEncoding | null): Interface {
    const input = this.createReadStream(options)
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
    // A stream that is destroyed has no 'end', which is all that readline listens to.
    input.once('close', () => lines.close())
    return lines
  }

  /**
   * Ends the file's streams, and closes it when what is in flight on it has completed. A second close
   * waits for the first.
   */
  close(): Promise<void> {
    return this.#closing.close()
  }

  /** As `close`, at once: what waits in line at this client, or in a stream, fails. */
  closeSync(): void {
    this.#closing.closeSync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
