/**
 * Slices of one track have to nest, but a client's operations overlap: each is put on a lane where
 * nothing else is under way, the one that was free for the shortest time. So there are about as
 * many lanes as operations were in flight.
 *
 *   invariant:   ends[0] <= ends[1] <= …, where nothing on lane numbers[i] ends after ends[i]
 */
export class Lanes {
  readonly #max: number
  readonly #ends: number[] = []
  readonly #numbers: number[] = []

  /** There are `max` of them, at most. */
  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return this.#numbers.length
  }

  /** The lane, from 0 on, for what lasts from `start` to `end`; -1 when there is none left. */
  take(start: number, end: number): number {
    const free = upperBound(this.#ends, start) - 1
    let lane = this.count
    if (free >= 0) {
      lane = this.#numbers[free]
      this.#ends.splice(free, 1)
      this.#numbers.splice(free, 1)
    } else if (lane === this.#max) return -1
    const at = upperBound(this.#ends, end)
    this.#ends.splice(at, 0, end)
    this.#numbers.splice(at, 0, lane)
    return lane
  }
}

/** How many of the ascending numbers are not above `value`. */
function upperBound(numbers: readonly number[], value: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle] <= value) low = middle + 1
    else high = middle
  }
  return low
}
