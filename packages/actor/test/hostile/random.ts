/** A seeded generator of 32-bit numbers (mulberry32): the same seed gives the same mutations. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** 0 <= result < 2^32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** 0 <= result < limit. */
  below(limit: number): number {
    return this.next() % limit
  }

  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  from<T>(values: ArrayLike<T>): T {
    return values[this.below(values.length)] as T
  }
}
