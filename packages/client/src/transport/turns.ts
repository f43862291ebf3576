import { REQUEST_DRAIN } from '../protocol/index.ts'

/** Operations that are under way: of a client, or of one of its files. */
export class Runs {
  readonly #promises = new Set<Promise<unknown>>()

  get size(): number {
    return this.#promises.size
  }

  /** An operation is under way until it settles; of a file's operations too, where it is one of them. */
  track(run: Promise<unknown>, of: Runs | null = null): void {
    const others = of === null ? null : of.#promises
    this.#promises.add(run)
    others?.add(run)
    const forget = (): void => {
      this.#promises.delete(run)
      others?.delete(run)
    }
    run.then(forget, forget)
  }

  /** Resolves when those that are under way now have settled, however. */
  async settled(): Promise<void> {
    if (this.#promises.size > 0) await Promise.allSettled([...this.#promises])
  }
}

/**
 * The order of operations that are several requests. The actor keeps the order of what is in the
 * channel; but later requests of a long operation are not there yet. So a drained one waits here
 * for those under way, and those called after it wait for it.
 */
export class Turns {
  readonly #runs = new Runs()
  /** A drained operation that is under way; what is called after it waits for it. */
  #gate: Promise<void> | null = null

  /** True when an operation with these flags has to wait for another. */
  mustWait(flags: number): boolean {
    return this.#gate !== null || ((flags & REQUEST_DRAIN) !== 0 && this.#runs.size > 0)
  }

  /** Begins an operation in its turn; `of` are those of the file that it is about. */
  take<T>(flags: number, begin: () => Promise<T>, of: Runs | null): Promise<T> {
    const drained = (flags & REQUEST_DRAIN) !== 0
    const before = drained && this.#runs.size > 0 ? this.settled() : this.#gate
    const run = before === null ? begin() : before.then(begin)
    this.#runs.track(run, of)
    if (drained) this.#hold(run)
    return run
  }

  /** Begins an operation when those of a file that are under way now have settled. */
  takeAfter<T>(others: Runs, begin: () => Promise<T>): Promise<T> {
    if (others.size === 0) return this.take(0, begin, others)
    return this.#takeWhen(Promise.all([others.settled(), this.#gate]), begin)
  }

  /** Begins an operation when all that are under way now have settled. */
  takeAfterAll<T>(begin: () => Promise<T>): Promise<T> {
    return this.#takeWhen(this.settled(), begin)
  }

  /** It is under way while it waits: a flush that is called meanwhile waits for it. */
  #takeWhen<T>(ready: Promise<unknown>, begin: () => Promise<T>): Promise<T> {
    const run = ready.then(begin)
    this.#runs.track(run)
    return run
  }

  #hold(run: Promise<unknown>): void {
    const open = (): void => {
      if (this.#gate === gate) this.#gate = null
    }
    const gate = run.then(open, open)
    this.#gate = gate
  }

  /** Resolves when the operations that are under way now have settled, however. */
  settled(): Promise<void> {
    return this.#runs.settled()
  }
}
