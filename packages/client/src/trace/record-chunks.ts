import { CHUNK_RECORDS } from '../protocol/index.ts'

/** What is recorded is handed on after so many milliseconds, also when it is little. */
const HOLD_MILLISECONDS = 100

/**
 * Rows for a trace file, gathered into chunks: a message for each would cost more than what it
 * tells of. Who is blocked, and has no timers, hands a chunk on when the next row is recorded.
 *
 *   invariant:   the word at `held` is what was recorded and not handed on
 *
 * so whoever ends a recording knows what to wait for, and what was lost with a thread.
 */
export class RecordChunks {
  /** Where the row goes that `next` has made room for. */
  rows: Float64Array = NONE
  readonly #width: number
  readonly #words: Int32Array
  readonly #held: number
  readonly #hand: (records: Float64Array) => void
  #count = 0
  /** When the first row of the chunk was recorded, in microseconds. */
  #since = 0
  #timer: NodeJS.Timeout | null = null

  /** Rows are `width` numbers; how many are held stands in `words`. `hand` keeps what it gets. */
  constructor(
    width: number,
    words: Int32Array,
    held: number,
    hand: (records: Float64Array) => void,
  ) {
    this.#width = width
    this.#words = words
    this.#held = held
    this.#hand = hand
  }

  /** Index in `rows` of one more row, to be written at once. `now` is in microseconds. */
  next(now: number): number {
    if (this.#count === CHUNK_RECORDS || now - this.#since > HOLD_MILLISECONDS * 1000) this.handOn()
    if (this.#count === 0) {
      this.rows = new Float64Array(this.#width * CHUNK_RECORDS)
      this.#since = now
      this.#timer ??= setTimeout(this.#timerTask, HOLD_MILLISECONDS).unref()
    }
    const at = this.#count * this.#width
    this.#count++
    Atomics.store(this.#words, this.#held, this.#count)
    return at
  }

  #timerTask = (): void => {
    this.#timer = null
    this.handOn()
  }

  /** Hands on what there is. */
  handOn(): void {
    const count = this.#count
    if (count === 0) return
    const { rows } = this
    this.rows = NONE
    this.#count = 0
    this.#hand(count === CHUNK_RECORDS ? rows : rows.slice(0, count * this.#width))
    // Not before: who finds nothing held is to find it on its way.
    Atomics.store(this.#words, this.#held, 0)
  }

  /** Hands on what there is; nothing more is recorded. */
  end(): void {
    this.handOn()
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

const NONE: Float64Array = new Float64Array(0)
