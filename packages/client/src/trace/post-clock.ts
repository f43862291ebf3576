import { storeMicros } from '../protocol/index.ts'

/**
 * Reading the clock takes a good part of what posting takes. So where posts come fast, those of a turn that
 * come within so many microseconds have the first one's reading: so many, or twice as many.
 */
const SHARED_MICROS = 5
const TOGETHER = 8
/** Fast is: so many microseconds from one to the next, on the mean. */
const FAST_MICROS = SHARED_MICROS / TOGETHER
const FASTER_MICROS = FAST_MICROS / 2
/** So many of them were each seen to be fast before the first reading is shared. */
const PROOF = 8
/** So many readings are shared before posts have to be seen again, where turns end too soon for it. */
const TRUSTED_READINGS = 64
/** Or after a pause of so many microseconds: who posts so seldom does not gain by it. */
const TRUSTED_MICROS = 200
/** After so many readings the time of one posting is taken. */
const SAMPLED_READINGS = 8

/** Says when each operation was posted. */
export class PostClock {
  /**
   * When each operation was called, by its slot, in microseconds; 0 where nothing is traced. Numbers
   * that have a fraction are objects to V8 wherever they are handed on, but not in such an array.
   */
  readonly posted: Float64Array
  /** The time that the next posting takes is wanted. */
  samples = false
  /** One number: the last reading, in microseconds. */
  readonly #reading: Float64Array = new Float64Array(1)
  /** How many more posts of this turn have it. */
  #left = 0
  /** Posts of this turn that have it, all told; 0: it is of another turn. */
  #sharing = 0
  /** Posts that were seen to come fast, in a row. */
  #seen = 0
  /** Readings that may be shared until then, by how many posts each. */
  #trusted = 0
  #together = TOGETHER
  #readings = 0

  constructor(slots: number) {
    this.posted = new Float64Array(slots)
  }

  /** The operation of this slot is posted now. */
  stamp(slot: number): void {
    if (this.#left > 0) {
      this.#left--
      this.posted[slot] = this.#reading[0]
    } else {
      this.#read(slot)
    }
  }

  /** The turn is over: what is posted next may come at any time. */
  turnEnded(): void {
    this.#left = 0
    this.#sharing = 0
  }

  #read(slot: number): void {
    const { posted } = this
    const reading = this.#reading
    if (++this.#readings === SAMPLED_READINGS) {
      this.#readings = 0
      this.samples = true
    }
    storeMicros(posted, slot)
    const since = posted[slot] - reading[0]
    if (since > TRUSTED_MICROS) {
      this.#see(false)
    } else if (this.#sharing > 0) {
      const apart = since / this.#sharing
      this.#together = apart < FASTER_MICROS ? 2 * TOGETHER : TOGETHER
      this.#see(apart < FAST_MICROS)
    }
    reading[0] = posted[slot]
    this.#sharing = this.#trusted > 0 ? this.#together : 1
    this.#left = this.#sharing - 1
    if (this.#trusted > 0 && --this.#trusted === 0) this.#seen = 0
  }

  #see(fast: boolean): void {
    this.#seen = fast ? Math.min(PROOF, this.#seen + this.#sharing) : 0
    this.#trusted = this.#seen === PROOF ? TRUSTED_READINGS : 0
  }
}
