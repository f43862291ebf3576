/**
 * The actor's own record of every operation that it has taken: plain numbers in two arrays made at
 * start, one row an operation. What a completion needs is here, so nothing is ever read again from
 * memory that a client can write. The row's index is the `user_data` of the kernel's requests.
 *
 *   invariant:   free + in use == capacity, and 0 <= row < capacity
 */
export const ROW_WORDS = 16
export const ROW_CHANNEL = 0
export const ROW_KIND = 1
/** The request's flags, ROW_CANCELLED and ROW_BY_POOL. */
export const ROW_FLAGS = 2
/** The client has asked for its cancellation. Above the flags that a request can have. */
export const ROW_CANCELLED = 0x100
/** A transfer that goes through node:fs. */
export const ROW_BY_POOL = 0x200
/** Slot in the file table, -1 for operations without a file. */
export const ROW_FILE = 3
export const ROW_OFF_LOW = 4
export const ROW_OFF_HIGH = 5
/** Offset in the client's arena, or the low word of a length. */
export const ROW_ADDR_LOW = 6
export const ROW_ADDR_HIGH = 7
export const ROW_LEN = 8
export const ROW_RW_FLAGS = 9
export const ROW_USER_LOW = 10
export const ROW_USER_HIGH = 11
/** Bytes done by the kernel's requests so far. */
export const ROW_DONE = 12
/** Kernel requests made so far that brought nothing. */
export const ROW_TRIES = 13
/** Length in bytes of the kernel's request that is in flight. */
export const ROW_ASKED = 14

/** PHASE_TRANSFER or PHASE_SYNC: what the kernel request in flight does. */
export const ROW_PHASE = 15
export const PHASE_TRANSFER = 0
export const PHASE_SYNC = 1

export const ROW_TIMES = 2
export const TIME_TAKEN = 0
/** When its first request went down; 0: none has yet. */
export const TIME_SUBMITTED = 1

/** Two words of a row as one number of 64 bits. */
export function wide(words: Int32Array, at: number): bigint {
  return (BigInt(words[at + 1]) << 32n) | BigInt(words[at] >>> 0)
}

export class OperationTable {
  readonly capacity: number
  readonly words: Int32Array
  readonly times: Float64Array
  #free: Int32Array
  #freeCount: number
  /** Rows begun since something was submitted last. */
  readonly #begun: Int32Array
  #begunCount = 0

  constructor(capacity: number) {
    this.capacity = capacity
    // -1 in every word: a free row belongs to no channel.
    this.words = new Int32Array(capacity * ROW_WORDS).fill(-1)
    this.times = new Float64Array(capacity * ROW_TIMES)
    this.#free = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index)
    this.#freeCount = capacity
    this.#begun = new Int32Array(capacity)
  }

  /** A row's request is handed to the engine: called by every engine, at each of its requests. */
  begun(row: number): void {
    if (this.#begunCount < this.capacity) this.#begun[this.#begunCount++] = row
  }

  /** What was begun goes down now: the first request of a row is what counts. */
  submitted(now: number): void {
    for (let index = 0; index < this.#begunCount; index++) {
      this.submittedAt(this.#begun[index], now)
    }
    this.#begunCount = 0
  }

  submittedAt(row: number, now: number): void {
    const time = row * ROW_TIMES + TIME_SUBMITTED
    if (this.times[time] === 0) this.times[time] = now
  }

  get freeCount(): number {
    return this.#freeCount
  }

  get inUse(): number {
    return this.capacity - this.#freeCount
  }

  /** A free row; there must be one. */
  claim(): number {
    this.#freeCount--
    return this.#free[this.#freeCount]
  }

  free(row: number): void {
    this.words[row * ROW_WORDS + ROW_CHANNEL] = -1
    this.#free[this.#freeCount] = row
    this.#freeCount++
  }
}
