/**
 * Looking takes less than a microsecond a time. Who finds something after so many since he looked last did
 * not have the processor meanwhile, and most likely who did is who did the work.
 */
const AWAY_MICROS = 8

/** Short sleeps to wait for, at most, before looking is tried again after it did not pay. */
const MOST_PATIENCE = 256

/**
 * How long to look for work before going to sleep. Waking a thread costs some 30 µs each way, so
 * a short look pays while work comes in quick succession, and never when it does not: the budget
 * falls by half with each look in vain, and is restored when a sleep turns out to have been short.
 *
 * But work may also come late because of the looking, when the other thread needs this very
 * processor, or come always a little later than the look lasts. So each restoring needs twice as
 * many short sleeps as the last one, until a look has paid again.
 *
 *   invariant:   0 <= budget <= most,   1 <= patience <= 256
 */
export class SpinBudget {
  readonly #most: number
  readonly #away: number
  #budget: number
  #patience = 1
  #shortSleeps = 0

  /** `most` in microseconds; 0 never spins. Who is away for longer than `away` was in somebody's way. */
  constructor(most: number, away: number = AWAY_MICROS) {
    this.#most = most
    this.#away = away
    this.#budget = most
  }

  /** Microseconds to look for work now. */
  get micros(): number {
    return this.#budget
  }

  /** Work came after so many microseconds of looking, and so many after the last look in vain. */
  found(micros: number, sinceLast: number): void {
    // Somebody else had this processor, and needed it: looking did not pay, it was in his way.
    if (sinceLast > this.#away || micros > this.#most) {
      this.missed()
      return
    }
    this.#patience = 1
    this.#budget = Math.min(this.#most, this.#budget * 2)
  }

  /** We looked in vain. */
  missed(): void {
    this.#budget = this.#budget < 2 ? 0 : this.#budget / 2
  }

  /** We slept so many microseconds before work came. */
  slept(micros: number): void {
    if (micros >= 2 * this.#most || this.#budget === this.#most) return
    this.#shortSleeps++
    if (this.#shortSleeps < this.#patience) return
    this.#shortSleeps = 0
    this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2)
    this.#budget = this.#most
  }
}
