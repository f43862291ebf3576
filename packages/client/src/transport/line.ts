import { Queue } from './queue.ts'

/**
 * Who may post next, first come first served: each call until all its requests are in the channel.
 * What is posted later the actor does later.
 *
 *   invariant:   somebody waits  =>  somebody holds it
 */
export class Line {
  #held = false
  readonly #waiting = new Queue<() => boolean>()

  /** Nobody holds it. */
  get isFree(): boolean {
    return !this.#held
  }

  /** Takes it, where it is free. */
  take(): void {
    this.#held = true
  }

  /** Calls `begin`, which holds it then, when all before have let it go. */
  join(begin: () => boolean): void {
    this.#waiting.push(begin)
  }

  /** One that has joined does not wait any more. */
  leave(begin: () => boolean): void {
    this.#waiting.remove(begin)
  }

  /** Whoever holds it lets it go: the next one has it. */
  pass(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#held = false
    else next()
  }
}
