/** A small generator of 32-bit numbers (xorshift128): the same seed draws the same sequence. */
export class Random {
  #a: number
  #b: number
  #c = 0x2545f491
  #d = 0x6c078965

  /** `stream` gives each user of a seed a sequence of its own. */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0
    this.#b = stream | 0
    // Near seeds begin with near numbers; a few rounds part them.
    for (let round = 0; round < 32; round++) this.next()
  }

  /** The next number, 0 to 2^32 - 1. */
  next(): number {
    let x = this.#a
    this.#a = this.#b
    this.#b = this.#c
    this.#c = this.#d
    x ^= x << 11
    x ^= x >>> 8
    this.#d = this.#d ^ (this.#d >>> 19) ^ x
    return this.#d >>> 0
  }

  /** The next number below `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit)
  }

  /** True so many times of a thousand. */
  chance(perThousand: number): boolean {
    return this.below(1000) < perThousand
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }
}
