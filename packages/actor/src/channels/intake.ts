import {
  FILE_KIND_BLOCK_DEVICE,
  OPEN_RESULT_BYTES,
  OPERATION_ALLOCATE,
  OPERATION_CHMOD,
  OPERATION_CLOSE,
  OPERATION_DETACH,
  OPERATION_LIMIT,
  OPERATION_NOP,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_SYNC,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_UTIMES,
  OPERATION_WRITE,
  REQUEST_ADDR_HIGH,
  REQUEST_ADDR_LOW,
  REQUEST_DRAIN,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_FLAGS_SHIFT,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OFF_LOW,
  REQUEST_OPERATION,
  REQUEST_RW_FLAGS,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  STAT_BYTES,
  segmentOf,
} from '@uring-actor/client/protocol'
import { type FileTable, type OpenFile, RIGHT_READ, RIGHT_WRITE } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_ADDR_HIGH,
  ROW_ADDR_LOW,
  ROW_BY_POOL,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_FLAGS,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_RW_FLAGS,
  ROW_TIMES,
  ROW_TRIES,
  ROW_USER_HIGH,
  ROW_USER_LOW,
  ROW_WORDS,
  TIME_SUBMITTED,
  TIME_TAKEN,
} from '../operations/operation-table.ts'
import type { Channel } from './channel.ts'

const EBADF = -9
const EFAULT = -14
const EINVAL = -22
const ESPIPE = -29
const ENAMETOOLONG = -36
/** sync_file_range's three flags. */
const SYNC_RANGE_FLAGS = 7
/** Longest path that the kernel takes, in bytes: a longer one is not even copied. */
const PATH_BYTES_MAX = 4096
/** All that the kernel looks at of a mode; node:fs aborts the process at more than 31 bits. */
const MODE_BITS = 0o7777

/**
 * Copies requests out of shared memory and checks the copies. Each word is read once; the client
 * may write to it at any time, and nothing is ever read from there again.
 */
export class Intake {
  readonly #table: OperationTable
  readonly #files: FileTable

  constructor(table: OperationTable, files: FileTable) {
    this.#table = table
    this.#files = files
  }

  /** Copies one request into a free row; returns the row. There must be a free one. */
  copy(channel: Channel, at: number, now: number): number {
    const row = this.#table.claim()
    const { words, times } = this.#table
    const to = row * ROW_WORDS
    const from = channel.words
    const head = from[at + REQUEST_OPERATION]
    words[to + ROW_CHANNEL] = channel.slot
    words[to + ROW_KIND] = head & 0xff
    words[to + ROW_FLAGS] = (head >>> REQUEST_FLAGS_SHIFT) & 0xff
    words[to + ROW_FILE] = -1
    this.#slot = from[at + REQUEST_FD]
    words[to + ROW_OFF_LOW] = from[at + REQUEST_OFF_LOW]
    words[to + ROW_OFF_HIGH] = from[at + REQUEST_OFF_HIGH]
    words[to + ROW_ADDR_LOW] = from[at + REQUEST_ADDR_LOW]
    words[to + ROW_ADDR_HIGH] = from[at + REQUEST_ADDR_HIGH]
    words[to + ROW_LEN] = from[at + REQUEST_LEN]
    words[to + ROW_RW_FLAGS] = from[at + REQUEST_RW_FLAGS]
    words[to + ROW_USER_LOW] = from[at + REQUEST_USER_LOW]
    words[to + ROW_USER_HIGH] = from[at + REQUEST_USER_HIGH]
    words[to + ROW_DONE] = 0
    words[to + ROW_TRIES] = 0
    times[row * ROW_TIMES + TIME_TAKEN] = now
    times[row * ROW_TIMES + TIME_SUBMITTED] = 0
    this.#generation = from[at + REQUEST_FD_GENERATION]
    return row
  }

  #slot = 0
  #generation = 0

  /**
   * Checks the row copied last; 0, or the error that it completes with. A good row of an operation
   * on a file counts as in flight on it.
   */
  check(channel: Channel, row: number): number {
    const words = this.#table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    const slot = this.#slot
    if (kind < OPERATION_NOP || kind >= OPERATION_LIMIT) return EINVAL
    if (kind === OPERATION_NOP) return 0
    // Only drained is it the last: what else is in flight would complete into a slot let go.
    if (kind === OPERATION_DETACH) return words[at + ROW_FLAGS] & REQUEST_DRAIN ? 0 : EINVAL
    if (kind === OPERATION_OPEN) return this.#checkOpen(channel, at)
    const file = this.#files.resolve(channel.slot, slot, this.#generation)
    if (file === null || file.closing >= 0) return EBADF
    const needed = RIGHTS[kind]
    if ((file.rights & needed) !== needed) return EBADF
    const error = this.#checkKind(channel, at, kind, file)
    if (error < 0) return error
    words[at + ROW_FILE] = slot
    if (file.byPool) words[at + ROW_FLAGS] |= ROW_BY_POOL
    file.inFlight++
    return 0
  }

  #checkOpen(channel: Channel, at: number): number {
    const words = this.#table.words
    if (words[at + ROW_LEN] >>> 0 > PATH_BYTES_MAX) return ENAMETOOLONG
    words[at + ROW_OFF_LOW] &= MODE_BITS
    return this.#checkMemory(channel, at, OPEN_RESULT_BYTES, 8)
  }

  #checkKind(channel: Channel, at: number, kind: number, file: OpenFile): number {
    const words = this.#table.words
    if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      // A position is -1 as a whole (the file's own), or not negative.
      const own = words[at + ROW_OFF_HIGH] === -1 && words[at + ROW_OFF_LOW] === -1
      if (words[at + ROW_OFF_HIGH] < 0 && !own) return EINVAL
      if (!own && file.stream) return ESPIPE
      words[at + ROW_RW_FLAGS] = 0
      return this.#checkMemory(channel, at, 0, 1)
    }
    if (kind === OPERATION_CHMOD) words[at + ROW_OFF_LOW] &= MODE_BITS
    if (kind === OPERATION_STAT) return this.#checkMemory(channel, at, STAT_BYTES, 8)
    if (kind === OPERATION_UTIMES) return this.#checkMemory(channel, at, 16, 8)
    if (kind === OPERATION_SYNC_RANGE && words[at + ROW_RW_FLAGS] & ~SYNC_RANGE_FLAGS) return EINVAL
    if (kind === OPERATION_ALLOCATE && words[at + ROW_RW_FLAGS] !== 0) return EINVAL
    if (kind === OPERATION_TRUNCATE && file.kind === FILE_KIND_BLOCK_DEVICE) return EINVAL
    return 0
  }

  /**
   * The memory of a request lies in one segment of the client's own arena, holds at least `least`
   * bytes and is aligned. In unsigned arithmetic: addr + len <= arena, without overflow.
   */
  #checkMemory(channel: Channel, at: number, least: number, alignment: number): number {
    const words = this.#table.words
    const addr = words[at + ROW_ADDR_LOW] >>> 0
    const length = words[at + ROW_LEN] >>> 0
    const span = Math.max(length, least)
    const size = channel.arena.length
    if (words[at + ROW_ADDR_HIGH] !== 0 || addr >= size || span > size - addr) return EFAULT
    if (span === 0) return EINVAL
    if (segmentOf(addr) !== segmentOf(addr + span - 1)) return EFAULT
    return addr % alignment === 0 ? 0 : EFAULT
  }

  /** Only these can be members of a chain. */
  isChainable(row: number): boolean {
    const kind = this.#table.words[row * ROW_WORDS + ROW_KIND]
    return kind >= OPERATION_NOP && kind < OPERATION_OPEN
  }
}

/** The rights that each operation needs on its file. */
const RIGHTS: Int32Array = new Int32Array(OPERATION_LIMIT)
RIGHTS[OPERATION_READ] = RIGHT_READ
RIGHTS[OPERATION_WRITE] = RIGHT_WRITE
RIGHTS[OPERATION_ALLOCATE] = RIGHT_WRITE
RIGHTS[OPERATION_TRIM] = RIGHT_WRITE
RIGHTS[OPERATION_SYNC] = 0
RIGHTS[OPERATION_CLOSE] = 0
