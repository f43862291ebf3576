/** A slice should keep the kernel busy about this long, in microseconds. */
const TARGET_MICROS = 12
const SMALLEST = 12
const LARGEST = 64
/** A slice for a device that has little to do. */
const SMALLEST_FOR_DEVICE = 4
/** Up to so many in flight a device is kept busy only by small slices. */
const FEW_IN_FLIGHT = 64

/**
 * How many requests go down with one `io_uring_enter`. What completes inside the call (cached reads,
 * no-ops) is best sent in small slices, so that clients work on the first results while the
 * kernel does the next: the size follows the time that a request takes inside the call. What goes
 * to a device is sent in small slices too while little is in flight, for a device that gets
 * everything at once also answers everything at once, and has nothing to do meanwhile; with much in
 * flight, few calls matter more.
 */
export class SliceSize {
  size: number = SMALLEST
  #perRequest = 1.5

  /** A slice of so many requests took so many microseconds, and so many completed in it. */
  measured(submitted: number, completed: number, micros: number, inFlight: number): void {
    if (completed * 2 < submitted) {
      this.size = inFlight <= FEW_IN_FLIGHT ? SMALLEST_FOR_DEVICE : LARGEST
      return
    }
    this.#perRequest += (micros / submitted - this.#perRequest) / 8
    this.size = clamped(Math.round(TARGET_MICROS / this.#perRequest))
  }
}

function clamped(size: number): number {
  return Math.max(SMALLEST, Math.min(LARGEST, size))
}
