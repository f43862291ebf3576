/**
 * Results that were not delivered yet, first in, first out.
 *
 *   invariant:   0 <= count <= capacity, because a row has one result at a time
 */
export class RowResults {
  readonly #rows: Int32Array
  readonly #results: Int32Array
  #first = 0
  count = 0

  constructor(capacity: number) {
    this.#rows = new Int32Array(capacity)
    this.#results = new Int32Array(capacity)
  }

  add(row: number, res: number): void {
    const at = (this.#first + this.count) % this.#rows.length
    this.#rows[at] = row
    this.#results[at] = res
    this.count++
  }

  /** The first row and its result; there must be one. */
  get row(): number {
    return this.#rows[this.#first]
  }

  get res(): number {
    return this.#results[this.#first]
  }

  advance(): void {
    this.#first = (this.#first + 1) % this.#rows.length
    this.count--
  }
}
