/** How far time is to go on by hand. */
interface Goal {
  until: number
  /** It is enough that one result comes. */
  readonly first: boolean
  readonly reached: () => void
}

/** The engine's clock, in microseconds: it goes on only when the engine says so. */
export class VirtualTime {
  now = 0
  /** Time goes on only towards goals. */
  manual: boolean
  readonly #goals: Goal[] = []

  constructor(manual: boolean) {
    this.manual = manual
  }

  /** Up to when things may happen; less than now: nothing may. */
  get limit(): number {
    if (!this.manual) return Infinity
    return this.#goals.length > 0 ? this.#goals[0].until : -1
  }

  /** True when somebody waits for time to go on. */
  get hasGoals(): boolean {
    return this.#goals.length > 0
  }

  /** Resolves when time has come so far; with `first`, or when a result has come. */
  go(micros: number, first: boolean): Promise<void> {
    return new Promise((reached) => {
      this.#goals.push({ until: this.now + micros, first, reached })
    })
  }

  /** Results have come: that is as far as some want to go. */
  resulted(): void {
    const goal = this.#goals[0]
    if (goal?.first) goal.until = this.now
  }

  /** Nothing more happens up to the limit: the goal is reached. True when there is another. */
  reachLimit(): boolean {
    const goal = this.#goals.shift()
    if (goal === undefined) return false
    if (Number.isFinite(goal.until)) this.now = Math.max(this.now, goal.until)
    goal.reached()
    return this.#goals.length > 0
  }
}
