/** A small generator of 32-bit numbers (xorshift128): the same seed draws the same sequence. */
export class Random {
  #a: number
  #b: number
  #c: number
  #d: number

  /** `stream` gives each worker a sequence of its own. */
  constructor(seed: number, stream: number) {
    this.#a = seed | 0
    this.#b = stream | 0
    this.#c = 0x2545f491
    this.#d = 0x6c078965
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
}
