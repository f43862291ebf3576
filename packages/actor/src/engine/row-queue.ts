const NONE = -1

/** The links of all queues of rows: a row stands in one of them at most. */
export class RowLinks {
  readonly next: Int32Array
  readonly previous: Int32Array

  constructor(capacity: number) {
    this.next = new Int32Array(capacity).fill(NONE)
    this.previous = new Int32Array(capacity).fill(NONE)
  }
}

/** Rows of the operation table in line. Any of them can be taken out, in constant time. */
export class RowQueue {
  readonly #links: RowLinks
  #first = NONE
  #last = NONE

  constructor(links: RowLinks) {
    this.#links = links
  }

  get empty(): boolean {
    return this.#first === NONE
  }

  push(row: number): void {
    const { next, previous } = this.#links
    next[row] = NONE
    previous[row] = this.#last
    if (this.#last === NONE) this.#first = row
    else next[this.#last] = row
    this.#last = row
  }

  /** Puts a row back to where it was taken from. */
  unshift(row: number): void {
    const { next, previous } = this.#links
    previous[row] = NONE
    next[row] = this.#first
    if (this.#first === NONE) this.#last = row
    else previous[this.#first] = row
    this.#first = row
  }

  /** The first row; there must be one. */
  shift(): number {
    const row = this.#first
    this.remove(row)
    return row
  }

  remove(row: number): void {
    const { next, previous } = this.#links
    const before = previous[row]
    const after = next[row]
    if (before === NONE) this.#first = after
    else next[before] = after
    if (after === NONE) this.#last = before
    else previous[after] = before
  }
}
