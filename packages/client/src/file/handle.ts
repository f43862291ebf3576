import { constants } from 'node:fs'
import { systemError, UringError } from '../errors/index.ts'
import { FILE_KIND_OTHER, OPERATION_WRITE } from '../protocol/index.ts'
import { Line } from '../transport/line.ts'
import type { Transport } from '../transport/transport.ts'
import { Runs } from '../transport/turns.ts'
import { OpenStreams } from './open-streams.ts'

/** The bits of open(2)'s flags that say for what: O_ACCMODE. */
const ACCESS_MODE = 3

/** Reads from the page cache on this thread; ../cached has the one that there is. */
export interface CacheReader {
  /** Reads at the parsed position; null where the actor is to do it. */
  read<T extends ArrayBufferView>(
    file: FileHandleState,
    bytes: Uint8Array,
    memory: ArrayBufferLike,
    buffer: T,
  ): Promise<{ bytesRead: number; buffer: T }> | null
  /** As `read`, for a call that blocks: bytes read, or -1. */
  readSync(file: FileHandleState, bytes: Uint8Array, memory: ArrayBufferLike): number
}

/** What the actor told of a file when it opened it; one per UringFile. */
export class FileHandleState {
  readonly transport: Transport
  readonly slot: number
  readonly generation: number
  readonly flags: number
  readonly path: string
  readonly kind: number
  /** Alignments of direct I/O in bytes: of memory, and of position and length. */
  readonly memoryAlignment: number
  readonly offsetAlignment: number
  /** Opened with O_DIRECT: the alignments are required. */
  readonly direct: boolean
  readonly append: boolean
  /** Its operations that are under way at this client, where the actor does not know of all of them yet. */
  readonly runs: Runs = new Runs()
  /** Calls that write what others give them as it comes: its close waits for them, and no operation does. */
  readonly feeds: Runs = new Runs()
  /** Held by a call at the file's own position, or end, that is not all in the channel yet. */
  readonly line: Line = new Line()
  readonly streams: OpenStreams = new OpenStreams()
  /** The actor lets this thread read what is cached of it; by what, or null for not at all. */
  readonly offered: boolean
  cached: CacheReader | null = null
  /** Reads in a row that found something not cached, and how many are not to be tried now. */
  cacheMisses = 0
  cacheSkips = 0
  /** `close` was called: what was asked for before goes on, nothing new is taken. */
  closing = false
  /** The actor was asked to close it. */
  closed = false

  constructor(
    transport: Transport,
    slot: number,
    generation: number,
    flags: number,
    path: string,
    result: Float64Array,
  ) {
    this.transport = transport
    this.slot = slot
    this.generation = generation
    this.flags = flags
    this.path = path
    this.kind = result[0]
    this.memoryAlignment = result[1]
    this.offsetAlignment = result[2]
    this.offered = result[3] === 1
    this.direct = (flags & (constants.O_DIRECT ?? 0)) !== 0
    this.append = (flags & constants.O_APPEND) !== 0
    transport.paths.set(slot, path)
  }

  /** The line that a call of this kind stands in where the order of the calls tells its place; else null. */
  lineOf(kind: number, isOwnPosition: boolean): Line | null {
    if (kind === OPERATION_WRITE) return isOwnPosition || this.append ? this.line : null
    // Reads of pipes and the like share no position, and may wait for what is to be written.
    return isOwnPosition && this.kind !== FILE_KIND_OTHER ? this.line : null
  }

  /** Its slot may be another file's by now. */
  forgetPath(): void {
    const { paths } = this.transport
    if (paths.get(this.slot) === this.path) paths.delete(this.slot)
  }

  /** Throws at a call that comes after `close`. */
  assertTakes(syscall: string): void {
    if (this.closing) throw fileClosed(syscall)
    this.transport.assertOpen()
  }

  /** Throws when the file or its client has ended: what was called before their `close` goes on. */
  assertOpen(syscall: string): void {
    if (this.closed) throw fileClosed(syscall)
    this.transport.assertAlive()
  }

  /** Throws what the kernel says to a write of a file that was not opened for it. */
  assertWritable(): void {
    const mode = this.flags & ACCESS_MODE
    if (mode !== constants.O_WRONLY && mode !== constants.O_RDWR) throw systemError(-9, 'write')
  }

  /** Throws when a direct transfer of this shape cannot be done. */
  assertAligned(address: number, low: number, high: number, length: number): void {
    if (!this.direct) return
    const offset = this.offsetAlignment
    if (address % this.memoryAlignment !== 0) {
      throw misaligned('buffer', `at byte ${address} of the arena`, this.memoryAlignment)
    }
    // Both words -1 stand for the file's own position, which the kernel checks.
    const own = low === -1 && high === -1
    if (!own && (low >>> 0) % offset !== 0) {
      throw misaligned('position', `${(high >>> 0) * 4294967296 + (low >>> 0)}`, offset)
    }
    if (length % offset !== 0) throw misaligned('length', `${length}`, offset)
  }
}

/** Lets go of a block of a client's arena, and lets the line move that waits for memory. */
export function releaseBlock(transport: Transport, page: number): void {
  if (transport.arena.release(page)) transport.operations.admit()
}

/** What node:fs says of a file that was closed. */
export function fileClosed(syscall: string): Error {
  return Object.assign(systemError(-9, syscall), { message: 'file closed' })
}

function misaligned(name: string, value: string, alignment: number): UringError {
  return new UringError(
    'ERR_URING_ALIGNMENT',
    `direct I/O on this file needs a ${name} that is a multiple of ${alignment} bytes. ` +
      `Received ${value}. client.alloc() gives aligned memory, file.directAlignment the number`,
  )
}
