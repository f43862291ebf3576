/** A slice should keep the kernel busy about this long, in microseconds. */
const TARGET_MICROS = 12
const SMALLEST = 4
const LARGEST = 64

/**
 * How many requests go down with one `io_uring_enter`. What completes inside the call (cached reads,
 * no-ops) is best sent in small slices, so that clients work on the first results while the
 * kernel does the next; what goes to a device is best sent all at once. So the size follows the
 * time that a request takes inside the call.
 */
export class SliceSize {
  size = 8
  #perRequest = 1.5

  /** A slice of so many requests took so many microseconds, and so many completed in it. */
  measured(submitted: number, completed: number, micros: number): void {
    if (completed * 2 < submitted) {
      this.size = Math.min(LARGEST, this.size * 2)
      return
    }
    this.#perRequest += (micros / submitted - this.#perRequest) / 8
    const wanted = Math.round(TARGET_MICROS / this.#perRequest)
    this.size = wanted < SMALLEST ? SMALLEST : Math.min(wanted, LARGEST)
  }
}
