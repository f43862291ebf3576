import { Operation } from './operation.ts'
import { Queue } from './queue.ts'

const RESOLVED = Promise.resolve()
const NOBODY = (): boolean => false

/**
 * All operations of one client, as many as its channel has slots.
 *
 *   invariant:   free + outstanding == capacity
 *
 * Whoever finds not enough waits in one of two lines, which `admit` lets move when something was
 * given back. The first is for those that hold memory already and need one operation only: it goes
 * first, and always moves on, because operations in flight complete. The other is for those that
 * need memory too. So nobody waits for an operation behind somebody who waits for memory.
 *
 * Who is given memory from the second line goes on some microtasks later. Until then he is still in
 * line, before all others: nobody may post before him, who has called before them.
 */
export class OperationTable {
  readonly capacity: number
  /** One of each slot that was ever claimed: most clients never have many at a time. */
  readonly #operations: Operation[] = []
  #free: Int32Array
  #freeCount: number
  readonly #starting = new Queue<() => boolean>()
  readonly #waiting = new Queue<() => boolean>()
  #admitting = false
  /** Somebody has been given memory, and has not gone on yet. */
  #entering = false
  readonly #isEntering = (): boolean => this.#entering
  readonly #admitTask = (): void => this.admit()

  constructor(capacity: number) {
    this.capacity = capacity
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
    return this.#waiting.length > 0 || this.#starting.length > 0 || this.#entering
  }

  claim(): Operation | null {
    if (this.#freeCount === 0) return null
    this.#freeCount--
    const slot = this.#free[this.#freeCount]
    // Slots are first claimed in order, so the array has no holes.
    if (slot === this.#operations.length) this.#operations.push(new Operation(slot))
    return this.#operations[slot]
  }

  /** Returns a cleared operation. */
  free(operation: Operation): void {
    this.#free[this.#freeCount] = operation.slot
    this.#freeCount++
  }

  /** The operation that a completion names, or null when it names none that is posted. */
  expected(slot: number, generation: number): Operation | null {
    if (slot < 0 || slot >= this.#operations.length) return null
    const operation = this.#operations[slot]
    return operation.posted && operation.generation === generation ? operation : null
  }

  /** Every operation that is posted. */
  outstanding(): Operation[] {
    return this.#operations.filter((operation) => operation.posted)
  }

  /** Runs `start` now, or when its turn comes; it returns false while there is not enough room. */
  whenReady(start: () => boolean): void {
    if (!this.hasWaiting && start()) return
    this.#waiting.push(start)
  }

  /** The same for one that needs a free operation and nothing else. */
  whenFree(start: () => boolean): void {
    if (this.#starting.length === 0 && start()) return
    this.#starting.push(start)
  }

  /** Takes one that waits out of its line. */
  leave(start: () => boolean): void {
    if (!this.#starting.remove(start)) this.#waiting.remove(start)
  }

  /** Something was given back: lets the lines move, first come first served. */
  admit(): void {
    if (this.#admitting || !this.hasWaiting) return
    this.#admitting = true
    if (advance(this.#starting, NOBODY)) advance(this.#waiting, this.#isEntering)
    this.#admitting = false
  }

  /** Who waited for memory has been given it. He says so with `entered` when he goes on. */
  entering(): void {
    this.#entering = true
  }

  /** He goes on, now. The next one in line does when he has. */
  entered(): void {
    this.#entering = false
    if (this.#waiting.length > 0) RESOLVED.then(this.#admitTask)
  }
}

/** Starts as many as can be, in order, until one is waited for; true when none is left. */
function advance(line: Queue<() => boolean>, mustWait: () => boolean): boolean {
  while (!mustWait()) {
    const next = line.first
    if (next === undefined) break
    if (!starts(next)) break
    // A subscriber to its span may have given it up meanwhile: then it has left already.
    if (line.first === next) line.shift()
  }
  return line.length === 0
}

/** One that throws is a fault of ours, which must not hold up those behind it for ever. */
function starts(entry: () => boolean): boolean {
  try {
    return entry()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
    return true
  }
}
