/**
 * How long to look for work before going to sleep. Waking a thread costs some 30 µs each way, so
 * a short look pays while work comes in quick succession, and never when it does not: the budget
 * falls by half with each look in vain, and is restored when a sleep turns out to have been short.
 *
 *   invariant:   0 <= budget <= most
 */
export class SpinBudget {
  readonly #most: number
  #budget: number

  /** `most` in microseconds; 0 never spins. */
  constructor(most: number) {
    this.#most = most
    this.#budget = most
  }

  /** Microseconds to look for work now. */
  get micros(): number {
    return this.#budget
  }

  /** Work came while we looked. */
  found(): void {
    this.#budget = Math.min(this.#most, this.#budget * 2)
  }

  /** We looked in vain. */
  missed(): void {
    this.#budget = this.#budget < 2 ? 0 : this.#budget / 2
  }

  /** We slept so long before work came. */
  slept(micros: number): void {
    if (micros < 2 * this.#most) this.#budget = this.#most
  }
}
