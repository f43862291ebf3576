/**
 * Who may post next, first come first served: each call until all its requests are in the channel.
 * What is posted later the actor does later.
 *
 *   invariant:   somebody waits  =>  somebody holds it
 */
export class Line {
  #held = false
  #waiting: Array<() => void> = []

  /** Nobody holds it. */
  get isFree(): boolean {
    return !this.#held
  }

  /** Takes it, where it is free. */
  take(): void {
    this.#held = true
  }

  /** Calls `begin`, which holds it then, when all before have let it go. */
  join(begin: () => void): void {
    this.#waiting.push(begin)
  }

  /** One that has joined does not wait any more. */
  leave(begin: () => void): void {
    const index = this.#waiting.indexOf(begin)
    if (index >= 0) this.#waiting.splice(index, 1)
  }

  /** Whoever holds it lets it go: the next one has it. */
  pass(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#held = false
    else next()
  }
}
