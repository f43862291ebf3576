import { Operation } from './operation.ts'

/**
 * All operations of one client, as many as its channel has slots.
 *
 *   invariant:   free + outstanding == capacity
 *
 * Whoever finds none free waits in line; `admit` lets the line move when something was given back.
 */
export class OperationTable {
  readonly capacity: number
  #operations: Operation[]
  #free: Int32Array
  #freeCount: number
  #waiting: Array<() => boolean> = []
  #admitting = false

  constructor(capacity: number) {
    this.capacity = capacity
    this.#operations = Array.from({ length: capacity }, (_, slot) => new Operation(slot))
    this.#free = Int32Array.from({ length: capacity }, (_, index) => capacity - 1 - index)
    this.#freeCount = capacity
  }

  get outstandingCount(): number {
    return this.capacity - this.#freeCount
  }

  get freeCount(): number {
    return this.#freeCount
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  claim(): Operation | null {
    if (this.#freeCount === 0) return null
    this.#freeCount--
    return this.#operations[this.#free[this.#freeCount]]
  }

  /** Returns a cleared operation. */
  free(operation: Operation): void {
    this.#free[this.#freeCount] = operation.slot
    this.#freeCount++
  }

  /** The operation that a completion names, or null when it names none that is posted. */
  expected(slot: number, generation: number): Operation | null {
    if (slot < 0 || slot >= this.capacity) return null
    const operation = this.#operations[slot]
    return operation.posted && operation.generation === generation ? operation : null
  }

  /** Every operation that is posted. */
  outstanding(): Operation[] {
    return this.#operations.filter((operation) => operation.posted)
  }

  /** Runs `start` now, or when its turn comes; it returns false while there is not enough room. */
  whenReady(start: () => boolean): void {
    if (this.#waiting.length === 0 && start()) return
    this.#waiting.push(start)
  }

  /** Something was given back: lets the line move, first come first served. */
  admit(): void {
    if (this.#waiting.length === 0 || this.#admitting) return
    this.#admitting = true
    let started = 0
    while (started < this.#waiting.length && this.#waiting[started]()) started++
    this.#waiting.splice(0, started)
    this.#admitting = false
  }
}
