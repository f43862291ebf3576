/** Something that happens at a time. */
interface Entry<T> {
  readonly due: number
  /** Decides between those that are due at the same time. */
  readonly order: number
  readonly value: T
}

/** What is to happen, by virtual time: a binary heap. */
export class Schedule<T> {
  readonly #heap: Entry<T>[] = []

  get size(): number {
    return this.#heap.length
  }

  /** When the first is due; Infinity when there is none. */
  get next(): number {
    return this.#heap.length > 0 ? this.#heap[0].due : Infinity
  }

  add(due: number, order: number, value: T): void {
    const heap = this.#heap
    const entry = { due, order, value }
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, heap[parent])) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = entry
  }

  /** Takes the first. There must be one. */
  take(): T {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop() as Entry<T>
    if (heap.length > 0) this.#sink(last)
    return first.value
  }

  #sink(entry: Entry<T>): void {
    const heap = this.#heap
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++
      if (!before(heap[child], entry)) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = entry
  }

  /** Takes all, in no particular order. */
  clear(): T[] {
    return this.#heap.splice(0).map((entry) => entry.value)
  }
}

function before<T>(one: Entry<T>, other: Entry<T>): boolean {
  return one.due < other.due || (one.due === other.due && one.order < other.order)
}
