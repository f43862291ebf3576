/**
 * Seeded random numbers. Each decision has a generator of its own, made of the plan's seed and of
 * what the decision is about, so that one decision more or less leaves all others as they were.
 */
export class Random {
  #state: number

  constructor(...parts: readonly number[]) {
    let state = 0x9e3779b9
    for (const part of parts) {
      state = scrambled(state ^ (part | 0))
      state = scrambled(state + Math.floor(part / 4294967296))
    }
    this.#state = state
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    return (scrambled(this.#state) >>> 0) / 4294967296
  }

  /** An integer in [least, most]. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.between(0, values.length - 1)]
  }
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the output. */
function scrambled(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
