import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { FILE_KIND_REGULAR } from '@uring-actor/client/protocol'

export const RIGHT_READ = 1
export const RIGHT_WRITE = 2

/** One open file. */
export class OpenFile {
  readonly slot: number
  readonly generation: number
  fd: number
  /** Owns the descriptor, where there is one (descriptor.ts). */
  handle: FileHandle | null = null
  readonly channel: number
  /** As it was opened with. */
  readonly flags: number
  readonly rights: number
  /** FILE_KIND_REGULAR, BLOCK_DEVICE or OTHER. */
  readonly kind: number
  readonly direct: boolean
  readonly offsetAlignment: number
  readonly memoryAlignment: number
  /** It is not for the ring: its reads and writes go through node:fs. */
  byPool = false
  /** A regular file, of which fstat(2) does not wait for anything. */
  local = false
  /** Which file it is, of whichever name; '' where that is not asked for. */
  inode = ''
  /** The ring would have a kernel worker write to it, if only to the page cache (engine/cached-writes.ts). */
  writesByWorker = false
  /** Its client may read what is in the page cache itself (offered-files.ts). */
  offered = false
  /** A pipe or a terminal: nothing in it has a position. */
  stream = false
  /** /dev/zero and the like: more can be read at once whatever was read before. */
  endless = false
  /** Operations taken on it that have not completed. */
  inFlight = 0
  /** The row of the close that waits for them, or -1. */
  closing = -1
  readonly append: boolean
  /** Where reads and writes without a position go on, in bytes; the row whose turn it is, and who waits. */
  position = 0
  positionHolder = -1
  positionLine: number[] = []
  /** Rows that wait for the sync in flight, and those for the one after it. */
  syncing: number[] = []
  syncNext: number[] = []
  /** The next sync must be a full fsync. */
  syncNextFull = false
  /** Rows that wait to sync a range, one by one; whether the first of them goes before `syncNext`. */
  rangeNext: number[] = []
  rangeIsNext = false
  syncDue = false
  /** `-errno` of a sync that failed: it stays, for after EIO the kernel would call all well. */
  failed = 0

  constructor(
    slot: number,
    generation: number,
    fd: number,
    channel: number,
    flags: number,
    kind: number,
    memoryAlignment: number,
    offsetAlignment: number,
  ) {
    const access = flags & (constants.O_RDONLY | constants.O_WRONLY | constants.O_RDWR)
    this.slot = slot
    this.generation = generation
    this.fd = fd
    this.channel = channel
    this.flags = flags
    this.rights =
      (access === constants.O_WRONLY ? 0 : RIGHT_READ) |
      (access === constants.O_RDONLY ? 0 : RIGHT_WRITE)
    this.kind = kind
    this.append = (flags & constants.O_APPEND) !== 0
    this.direct = (flags & (constants.O_DIRECT ?? 0)) !== 0
    this.memoryAlignment = memoryAlignment
    this.offsetAlignment = offsetAlignment
  }

  /** Writes go to the page cache, and wait for no device: it was not opened to be in step with one. */
  get cachesWrites(): boolean {
    const inStep = (this.flags & constants.O_SYNC) !== 0
    const writable = (this.rights & RIGHT_WRITE) !== 0
    return this.kind === FILE_KIND_REGULAR && writable && !this.direct && !inStep && !this.byPool
  }

  /** What is read of it may be in the page cache, and takes no request of its own to be found there. */
  get isCached(): boolean {
    const readable = (this.rights & RIGHT_READ) !== 0
    return this.kind === FILE_KIND_REGULAR && readable && !this.direct && !this.byPool
  }
}

/**
 * All open files, by slot. A slot's generation goes up each time it is used, so a handle that was
 * closed never reaches the file that came after it.
 */
export class FileTable {
  readonly #files: Array<OpenFile | null>
  readonly #generations: Int32Array
  readonly #free: number[] = []
  readonly #first: number
  #next: number

  constructor(firstSlot: number, slots: number) {
    this.#first = firstSlot
    this.#next = firstSlot
    this.#files = new Array(slots).fill(null)
    this.#generations = new Int32Array(slots)
  }

  get openCount(): number {
    return this.#next - this.#first - this.#free.length
  }

  /** A free slot, or -1. */
  claim(): number {
    const slot = this.#free.pop() ?? (this.#next < this.#files.length ? this.#next++ : -1)
    if (slot >= 0) this.#generations[slot] = (this.#generations[slot] + 1) | 0
    return slot
  }

  generationOf(slot: number): number {
    return this.#generations[slot]
  }

  put(file: OpenFile): void {
    this.#files[file.slot] = file
  }

  /** The file at a slot; null when there is none. */
  at(slot: number): OpenFile | null {
    return this.#files[slot]
  }

  /** The file that a client's handle names; null for one that is stale, foreign or made up. */
  resolve(channel: number, slot: number, generation: number): OpenFile | null {
    if (slot < this.#first || slot >= this.#files.length) return null
    const file = this.#files[slot]
    if (file === null || file.channel !== channel || file.generation !== generation) return null
    return file
  }

  /** Gives a slot back; its file is closed. */
  release(slot: number): void {
    this.#files[slot] = null
    this.#free.push(slot)
  }

  /** The files that a client has open. */
  ofChannel(channel: number): OpenFile[] {
    return this.#files.filter((file): file is OpenFile => file !== null && file.channel === channel)
  }
}
