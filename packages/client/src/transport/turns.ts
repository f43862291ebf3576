import { REQUEST_DRAIN } from '../protocol/index.ts'

/**
 * The order of operations that are several requests. The actor keeps the order of what is in the
 * channel; but later requests of a long operation are not there yet. So a drained one waits here
 * for those under way, and those called after it wait for it.
 */
export class Turns {
  #runs = new Set<Promise<unknown>>()
  /** A drained operation that is under way; what is called after it waits for it. */
  #gate: Promise<void> | null = null

  /** True when an operation with these flags has to wait for another. */
  mustWait(flags: number): boolean {
    return this.#gate !== null || ((flags & REQUEST_DRAIN) !== 0 && this.#runs.size > 0)
  }

  /** Begins an operation in its turn. */
  take<T>(flags: number, begin: () => Promise<T>): Promise<T> {
    const drained = (flags & REQUEST_DRAIN) !== 0
    const before = drained && this.#runs.size > 0 ? this.settled() : this.#gate
    const run = before === null ? begin() : before.then(begin)
    this.#track(run)
    if (drained) this.#hold(run)
    return run
  }

  /** Begins an operation when those that are under way now have settled. */
  takeAfterOthers<T>(begin: () => Promise<T>): Promise<T> {
    const run = this.settled().then(begin)
    // It is under way while it waits: a flush that is called meanwhile waits for it.
    this.#track(run)
    return run
  }

  #track(run: Promise<unknown>): void {
    this.#runs.add(run)
    const forget = (): void => {
      this.#runs.delete(run)
    }
    run.then(forget, forget)
  }

  #hold(run: Promise<unknown>): void {
    const open = (): void => {
      if (this.#gate === gate) this.#gate = null
    }
    const gate = run.then(open, open)
    this.#gate = gate
  }

  /** Resolves when the operations that are under way now have settled, however. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#runs])
  }
}
