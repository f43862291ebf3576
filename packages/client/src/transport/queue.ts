/** Taken entries are let go of when there are so many, and half of all. */
const TAKEN_MIN = 1024

/**
 * First come, first served. An array that is cut at its front moves all that is behind, which with
 * 100,000 that wait takes longer than to serve them.
 *
 *   invariant:   0 <= #first <= #entries.length
 */
export class Queue<T extends object> {
  #entries: Array<T | null> = []
  #first = 0

  get length(): number {
    return this.#entries.length - this.#first
  }

  /** The one that is served next; undefined when nobody waits. */
  get first(): T | undefined {
    return (this.#entries[this.#first] as T | null | undefined) ?? undefined
  }

  push(entry: T): void {
    this.#entries.push(entry)
  }

  /** Takes the one that is served next. */
  shift(): T | undefined {
    const { first } = this
    if (first === undefined) return undefined
    this.#entries[this.#first++] = null
    if (this.#first >= TAKEN_MIN && 2 * this.#first >= this.#entries.length) {
      this.#entries.splice(0, this.#first)
      this.#first = 0
    }
    return first
  }

  /** Takes one that does not wait any more; false when it does not. */
  remove(entry: T): boolean {
    const index = this.#entries.indexOf(entry, this.#first)
    if (index >= 0) this.#entries.splice(index, 1)
    return index >= 0
  }
}
