import { nowMicros, OPERATION_WRITE } from '@uring-actor/client/protocol'
import { errnoOf } from '../files/errno.ts'
import type { OpenFile } from '../files/file-table.ts'
import { writeHere } from '../files/pool-transfer.ts'
import {
  PHASE_TRANSFER,
  ROW_ASKED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_PHASE,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import { DirtyPages } from './dirty-pages.ts'
import type { ResultSink } from './engine.ts'
import { FileLocks } from './file-locks.ts'
import { RowResults } from './row-results.ts'
import { RunDelay } from './run-delay.ts'

/** A longer copy is another thread's. */
const MOST_BYTES = 32_768
/** Positions from here on are no safe integers, in units of 2^32 bytes. */
const HIGH_END = 2 ** 21
/**
 * Where a file's writes take so long on average, a kernel worker does them, and for so long: then a few show
 * whether they still do. Handing over, which takes two threads some 5 us and more from asleep, costs little beside
 * them, and others are served meanwhile.
 */
const SLOW_MICROS = 60
const SLOW_REST_MICROS = 10_000
const MEAN_OF = 8
const MOST_COUNTED = 4 * SLOW_MICROS
/**
 * A write that takes so long has waited: for the disk, or for other writers. All of them then are the workers'
 * for so many times as long.
 */
const STALL_MICROS = 1000
const RESTS = 20
/** So long the others wait for writes at most, in microseconds, before they have their turn. */
const MOST_MICROS = 100
/** The clock is read after so many bytes, or writes: a reading takes a tenth of a short write. */
const CLOCK_BYTES = 16_384
const CLOCK_WRITES = 4
/** What a write has waited for a processor is no stall. So often it is asked how long that was until then. */
const DELAY_MICROS = 5000
/** So many bytes are written before it is asked again how many more may be, and so many are to be left. */
const LOOK_BYTES = 2 ** 24
const LEFT_BYTES = 2 * LOOK_BYTES
const FULL_REST_MICROS = 50_000

/**
 * Writes that only go to the page cache, and that the ring would hand to a kernel worker all the same
 * (OpenFile.writesByWorker): the actor makes them itself, in the course of a submission, for a fraction of what
 * handing over takes. Such a write seldom waits for anything, but can; and all clients would wait with it. So
 *
 *   time in waits of STALL_MICROS and longer   <=   1 / (1 + RESTS) of the actor's, and one wait
 *
 * because after each of them all writes are the workers' for RESTS times as long, as far as the ring has room and
 * the wait was not for a processor (of the last DELAY_MICROS too: a stall beside such a wait may pass for one).
 * Shorter ones are those of a slow file. And nothing is written here where the kernel is about to make writers
 * wait (DirtyPages), or while a worker has the file's lock.
 */
export class CachedWrites {
  /** Writes made here, for the statistics. */
  made = 0
  readonly #words: Int32Array
  readonly #arenas: ReadonlyArray<Uint8Array | null>
  readonly #dirty: Pick<DirtyPages, 'room' | 'close'>
  readonly #delay: Pick<RunDelay, 'micros' | 'close'>
  /** By slot: the files whose writes are made here; null for all others. */
  readonly #files: Array<OpenFile | null>
  /** Which files a worker has the lock of: to be told what enters the ring, and leaves it. */
  readonly locks: FileLocks
  /** By slot: microseconds of a write, on average, and until when the file's writes are the workers'. */
  readonly #means: Float64Array
  readonly #slowUntil: Float64Array
  /** Until when all are. */
  #stalledUntil = 0
  /** How long this thread had waited for a processor, and when that was asked. */
  #delayed = 0
  #delayedAt = 0
  /** Bytes that may be written before the next look at what is dirty. */
  #left = 0
  /** Rows begun and not written. */
  readonly #rows: number[] = []
  /** Of rows written and not delivered. */
  readonly #results: RowResults

  constructor(
    words: Int32Array,
    arenas: ReadonlyArray<Uint8Array | null>,
    fileSlots: number,
    dirty: Pick<DirtyPages, 'room' | 'close'> = new DirtyPages(),
    delay: Pick<RunDelay, 'micros' | 'close'> = new RunDelay(),
  ) {
    this.#words = words
    this.#arenas = arenas
    this.#dirty = dirty
    this.#delay = delay
    this.#files = new Array(fileSlots).fill(null)
    this.#results = new RowResults(words.length / ROW_WORDS)
    this.locks = new FileLocks(words, fileSlots, MOST_BYTES)
    this.#means = new Float64Array(fileSlots)
    this.#slowUntil = new Float64Array(fileSlots)
  }

  /** Rows begun here that are not delivered. */
  get waiting(): number {
    return this.#rows.length + this.#results.count
  }

  fileOpened(file: OpenFile): void {
    this.#files[file.slot] = file.writesByWorker ? file : null
    this.#means[file.slot] = 0
    this.#slowUntil[file.slot] = 0
    this.locks.fileOpened(file)
  }

  fileClosed(slot: number): void {
    this.#files[slot] = null
    this.locks.fileClosed(slot)
  }

  /** Takes a row whose write is to be made here; it must not belong to a chain. False: it is the ring's. */
  take(row: number): boolean {
    const words = this.#words
    const at = row * ROW_WORDS
    if (words[at + ROW_KIND] !== OPERATION_WRITE || words[at + ROW_PHASE] !== PHASE_TRANSFER) {
      return false
    }
    const slot = words[at + ROW_FILE]
    if (!this.#files[slot] || this.locks.isKept(slot)) return false
    const length = words[at + ROW_LEN] - words[at + ROW_DONE]
    if (length > MOST_BYTES || words[at + ROW_OFF_HIGH] >= HIGH_END) return false
    if (!this.#isTime(slot) || !this.#hasRoom(length)) return false
    this.#rows.push(row)
    return true
  }

  /** Writes do not take long, as far as is known. */
  #isTime(slot: number): boolean {
    const until = Math.max(this.#stalledUntil, this.#slowUntil[slot])
    if (until === 0) return true
    if (nowMicros() < until) return false
    this.#stalledUntil = 0
    if (this.#slowUntil[slot] === 0) return true
    // The next few tell how long they take now.
    this.#slowUntil[slot] = 0
    this.#means[slot] = 0
    return true
  }

  #hasRoom(length: number): boolean {
    this.#left -= length
    if (this.#left >= 0) return true
    if (this.#dirty.room() > LEFT_BYTES) {
      this.#left = LOOK_BYTES
      return true
    }
    this.#left = 0
    this.#stalledUntil = nowMicros() + FULL_REST_MICROS
    return false
  }

  /**
   * Makes the writes that were taken, or as many as there is time for. Where one of them has waited, the others
   * are given to `ring`, which says whether it has room. Returns how many it has not made.
   */
  make(ring: (row: number) => boolean): number {
    const rows = this.#rows
    const starts = nowMicros()
    if (starts - this.#delayedAt > DELAY_MICROS) this.#askDelay(starts)
    let now = starts
    let index = 0
    let given = 0
    while (index < rows.length && now - starts < MOST_MICROS) {
      const row = rows[index]!
      const slot = this.#words[row * ROW_WORDS + ROW_FILE]
      if (this.#wouldWait(slot) && ring(row)) {
        index++
        given++
        continue
      }
      const next = this.#makeSome(rows, index, slot)
      const began = now
      now = nowMicros()
      this.#took(slot, now - began, next - index, now)
      index = next
    }
    if (index < rows.length) rows.copyWithin(0, index)
    rows.length -= index
    return rows.length + given
  }

  /** That has become known since the row was taken. */
  #wouldWait(slot: number): boolean {
    return this.#stalledUntil > 0 || this.#slowUntil[slot]! > 0 || this.locks.isKept(slot)
  }

  /** Makes writes to one file, as many as share a reading of the clock; returns where the others begin. */
  #makeSome(rows: readonly number[], from: number, slot: number): number {
    const words = this.#words
    let [index, bytes] = [from, 0]
    do {
      const row = rows[index]!
      const at = row * ROW_WORDS
      this.#results.add(row, this.#write(at, slot))
      this.made++
      bytes += words[at + ROW_ASKED]
      index++
    } while (
      bytes < CLOCK_BYTES &&
      index - from < CLOCK_WRITES &&
      index < rows.length &&
      words[rows[index]! * ROW_WORDS + ROW_FILE] === slot
    )
    return index
  }

  /** Gives the results of the writes that were made to `sink`, which may begin others; returns how many. */
  deliver(sink: ResultSink): number {
    const results = this.#results
    let count = 0
    while (results.count > 0) {
      const { row, res } = results
      results.advance()
      count++
      sink.completed(row, res)
    }
    return count
  }

  #write(at: number, slot: number): number {
    const { fd } = this.#files[slot] as OpenFile
    const arena = this.#arenas[this.#words[at + ROW_CHANNEL]] as Uint8Array
    try {
      return writeHere(this.#words, at, arena, fd)
    } catch (error) {
      return errnoOf(error as NodeJS.ErrnoException)
    }
  }

  #askDelay(now: number): number {
    const before = this.#delayed
    this.#delayed = this.#delay.micros()
    this.#delayedAt = now
    return this.#delayed - before
  }

  /** So many writes to a file took so long together. */
  #took(slot: number, micros: number, writes: number, now: number): void {
    if (micros >= STALL_MICROS) {
      const waited = micros - this.#askDelay(now)
      if (waited >= STALL_MICROS) this.#stalledUntil = now + RESTS * waited
    }
    const mean = this.#means[slot]!
    // One that was long by chance, as an interrupt makes it, does not count for many.
    const next = mean + (Math.min(micros / writes, MOST_COUNTED) - mean) / MEAN_OF
    this.#means[slot] = next
    if (next > SLOW_MICROS) this.#slowUntil[slot] = now + SLOW_REST_MICROS
  }

  close(): void {
    this.#dirty.close()
    this.#delay.close()
  }
}
