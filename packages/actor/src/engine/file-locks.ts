import {
  FILE_KIND_REGULAR,
  nowMicros,
  OPERATION_ALLOCATE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { OpenFile } from '../files/file-table.ts'
import {
  PHASE_TRANSFER,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_PHASE,
} from '../operations/operation-table.ts'

/** So soon after a request that kept the lock another one is expected. */
const EXPECTED_MICROS = 1000

/** The kernel's lock of an inode, which all that write to it take, by whichever descriptor. */
interface FileLock {
  readonly inode: string
  /** Slots that the inode is open at. */
  files: number
  /** Requests in the ring that keep it for long. */
  requests: number
  /** Until when more of those are expected; 0: they are not. */
  until: number
}

/**
 * Which files a kernel worker has the lock of for long: for a trim, an allocation, another size, or a long write.
 * A short one is done about as soon as who waits for it is asleep.
 *
 *   invariant:   0 <= lock.requests, those in the ring that keep it;   0 < lock.files, its slots
 */
export class FileLocks {
  readonly #words: Int32Array
  /** Bytes of the longest write that is short. */
  readonly #short: number
  readonly #ofSlot: Array<FileLock | null>
  readonly #ofInode: Map<string, FileLock> = new Map()

  constructor(words: Int32Array, fileSlots: number, short: number) {
    this.#words = words
    this.#short = short
    this.#ofSlot = new Array(fileSlots).fill(null)
  }

  fileOpened({ slot, kind, inode }: OpenFile): void {
    if (kind !== FILE_KIND_REGULAR) return
    const lock = this.#ofInode.get(inode) ?? { inode, files: 0, requests: 0, until: 0 }
    this.#ofInode.set(inode, lock)
    lock.files++
    this.#ofSlot[slot] = lock
  }

  fileClosed(slot: number): void {
    const lock = this.#lockOf(slot)
    this.#ofSlot[slot] = null
    if (lock !== null && --lock.files === 0) this.#ofInode.delete(lock.inode)
  }

  /** A row's request goes into the ring. */
  entered(at: number): void {
    if (!this.#keeps(at)) return
    const lock = this.#lockOf(this.#words[at + ROW_FILE])
    if (lock !== null) lock.requests++
  }

  /** And has come back from there. */
  left(at: number): void {
    if (!this.#keeps(at)) return
    const lock = this.#lockOf(this.#words[at + ROW_FILE])
    if (lock !== null && --lock.requests === 0) lock.until = nowMicros() + EXPECTED_MICROS
  }

  /** A worker has the file's lock, or will soon: what it finds in line then is cheaper than waking it. */
  isKept(slot: number): boolean {
    const lock = this.#lockOf(slot)
    if (lock === null || (lock.requests === 0 && lock.until === 0)) return false
    if (lock.requests > 0 || nowMicros() < lock.until) return true
    lock.until = 0
    return false
  }

  #lockOf(slot: number): FileLock | null {
    return this.#ofSlot[slot] ?? null
  }

  #keeps(at: number): boolean {
    const words = this.#words
    if (words[at + ROW_PHASE] !== PHASE_TRANSFER) return false
    const kind = words[at + ROW_KIND]
    if (kind === OPERATION_WRITE) return words[at + ROW_LEN] > this.#short
    return kind === OPERATION_TRIM || kind === OPERATION_ALLOCATE || kind === OPERATION_TRUNCATE
  }
}
