import {
  CROWDED_NOT,
  CROWDED_SLIGHTLY,
  HEADER_CROWDED,
  nowMicros,
  SpinBudget,
} from '../protocol/index.ts'
import type { CompletionRing } from './completion-ring.ts'

/**
 * With more operations outstanding the thread sleeps without looking: the actor has enough to do
 * while it is woken, and whoever else wants a processor gets this one meanwhile.
 */
const MOST_LOOKED_FOR = 64

/**
 * After so many microseconds of looking the event loop gets its turn, before looking goes on. It does not
 * go on where the processor may be another thread's next.
 */
const LOOK_MICROS = 100

/**
 * An asynchronous wait that lasts is ended and begun anew so often, and the actor is told again that there is
 * something to do: nothing that stands in the channel's words, or in the header's, can make this client wait
 * for ever.
 */
const ASYNC_WAIT_MILLISECONDS = 1000

/** A blocked thread looks this often whether the actor still lives, and tells it again. */
const SYNC_WAIT_MILLISECONDS = 50

/**
 * The event loop gets its turn, which is two system calls, when so many batches of completions were
 * settled since its last one; if they were small ones, and came fast, when so many completions were.
 */
const MOST_EAGER = 4
const FEW_SETTLED = 32
const FAST_MICROS = 200
const RESOLVED = Promise.resolve()

/** What the watcher calls. */
export interface Watched {
  /** Settles what has completed; returns how many. */
  drain(): number
  /** Operations that have not completed. */
  outstanding(): number
  /** Looks whether the actor and the channel are still there. */
  checkActor(): void
  /** The actor may not know of what is waited for. */
  insist(): void
  /** Nothing is outstanding any more. */
  idle(): void
}

/**
 * Decides how this client learns of its completions: by looking for some microseconds, then asleep
 * in Atomics.waitAsync, or in Atomics.wait in a blocking call. For a thread that sleeps costs the
 * actor a wake-up, which takes as long as several cached reads, and comes as late. How long to look
 * follows from how it paid: see SpinBudget. There is never more than one asynchronous waiter.
 */
export class Watcher {
  #completions: CompletionRing
  #watched: Watched
  /** Looks where there is a processor for each thread, and where there may not be. */
  readonly #long: SpinBudget
  readonly #short: SpinBudget
  /** The one of them that is in use. */
  #spin: SpinBudget
  readonly #header: Int32Array
  #armed = false
  /** It is arranged that completions are settled, or looked for. */
  #arranged = false
  /** Since the event loop had its turn: batches of completions, and completions, that were settled. */
  #eager = 0
  #settled = 0
  #turnedAt = 0
  #armedAt = 0
  /** Microseconds of looking in vain for what comes next, before the event loop's last turn. */
  #looked = 0
  #timer: NodeJS.Timeout | null = null

  constructor(
    completions: CompletionRing,
    watched: Watched,
    header: Int32Array,
    spinMicros: number,
  ) {
    this.#completions = completions
    this.#watched = watched
    this.#header = header
    this.#long = new SpinBudget(spinMicros)
    this.#short = new SpinBudget(Math.min(spinMicros, LOOK_MICROS))
    this.#spin = this.#long
  }

  #wakeTask = (): void => {
    this.#armed = false
    this.#turned()
    this.#spin.slept(this.#turnedAt - this.#armedAt)
    this.#settle()
  }

  #drainTask = (): void => {
    this.#arranged = false
    this.#settle()
  }

  #settle(): void {
    const count = this.#watched.drain()
    this.#settled += count
    if (count > 0 && this.#looked > 0) this.#lookEnded(0, 0)
    this.watch()
  }

  #turnTask = (): void => {
    this.#turned()
    RESOLVED.then(this.#drainTask)
  }

  #watchTask = (): void => {
    this.#arranged = false
    if (!this.#isAnswered()) this.#lookOrSleep()
  }

  /**
   * Waits for the next completion while anything is outstanding. To be called in a microtask: looking
   * begins when all of them have run, so that who was told of a completion has gone on, and what he
   * posted is on its way, before this thread does nothing but look.
   */
  watch(): void {
    if (this.#armed || this.#arranged || this.#isAnswered()) return
    this.#arranged = true
    process.nextTick(this.#watchTask)
  }

  /** There is nothing to wait for: nothing is outstanding, or completions are there already. */
  #isAnswered(): boolean {
    if (this.#watched.outstanding() === 0) this.#watched.idle()
    else if (this.#completions.available() > 0) this.#drainSoon()
    else return false
    return true
  }

  #lookOrSleep(): void {
    const budget = this.#watched.outstanding() <= MOST_LOOKED_FOR ? this.#budget() : 0
    if (budget > 0) {
      if (this.#turnIsDue()) {
        this.#poll()
        return
      }
      if (this.#look(budget, LOOK_MICROS)) {
        this.#drainSoon()
        return
      }
      if (this.#looked > 0) {
        this.#poll()
        return
      }
    }
    this.#looked = 0
    const wait = this.#completions.waitAsync()
    if (wait === null) {
      this.#drainSoon()
      return
    }
    this.#armed = true
    this.#armedAt = nowMicros()
    this.#lookAgain()
    wait.then(this.#wakeTask)
    this.#watched.checkActor()
  }

  /** One timer at a time, which outlives many waits: setting one for each would cost more. */
  #lookAgain(): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(this.#timerTask, ASYNC_WAIT_MILLISECONDS).unref()
  }

  #timerTask = (): void => {
    this.#timer = null
    if (!this.#armed || this.#watched.outstanding() === 0) return
    if (nowMicros() - this.#armedAt < ASYNC_WAIT_MILLISECONDS * 500) this.#lookAgain()
    else {
      this.#watched.insist()
      this.#completions.wakeSelf()
    }
  }

  /** The client has ended: nothing of it is kept alive. */
  end(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /**
   * A blocking call has taken completions: nobody may be left waiting for them. Where nothing is
   * outstanding no task is left either: a thread that never pauses would keep this client by it.
   */
  resume(): void {
    if (this.#watched.outstanding() > 0) RESOLVED.then(this.#resumeTask)
    else if (this.#armed) this.#completions.wakeSelf()
    else this.#watched.idle()
  }

  #resumeTask = (): void => this.watch()

  /** Waits, with this thread blocked, until something was settled or it is time to look again. */
  waitSync(): void {
    const began = nowMicros()
    if (this.#watched.drain() > 0) return
    this.#looked = 0
    const budget = this.#budget()
    if (budget > 0 && this.#look(budget, budget)) {
      this.#watched.drain()
      return
    }
    this.#completions.waitSync(SYNC_WAIT_MILLISECONDS)
    this.#spin.slept(nowMicros() - began)
    if (this.#watched.drain() > 0) return
    this.#watched.checkActor()
    this.#watched.insist()
  }

  /**
   * Looks for a completion, without sleeping, for so many microseconds all told, and so many before the
   * event loop's turn. True when one is there; else it looks on while `#looked` is above 0.
   */
  #look(budget: number, atOnce: number): boolean {
    const began = nowMicros()
    const ends = began + Math.min(budget - this.#looked, atOnce)
    let now = began
    do {
      for (let look = 0; look < 8; look++) {
        if (this.#completions.available() === 0) continue
        const found = nowMicros()
        this.#lookEnded(found - began, found - now)
        return true
      }
      now = nowMicros()
    } while (now < ends)
    this.#looked += now - began
    if (this.#looked < budget) return false
    this.#looked = 0
    this.#spin.missed()
    return false
  }

  /** A completion came after so many microseconds of looking since the event loop's turn: see SpinBudget. */
  #lookEnded(micros: number, sinceLast: number): void {
    this.#spin.found(this.#looked + micros, sinceLast)
    this.#looked = 0
  }

  /** Microseconds to look: none, or few, while other threads need the processor for what we wait for. */
  #budget(): number {
    const crowded = Atomics.load(this.#header, HEADER_CROWDED)
    this.#spin = crowded === CROWDED_NOT ? this.#long : this.#short
    return crowded === CROWDED_NOT || crowded === CROWDED_SLIGHTLY ? this.#spin.micros : 0
  }

  #poll(): void {
    this.#arranged = true
    setImmediate(this.#turnTask)
  }

  #turned(): void {
    this.#eager = 0
    this.#settled = 0
    this.#turnedAt = nowMicros()
  }

  #turnIsDue(): boolean {
    if (this.#eager < MOST_EAGER) return false
    return this.#settled >= FEW_SETTLED || nowMicros() - this.#turnedAt > FAST_MICROS
  }

  /**
   * Completions are there: they are settled when what was settled before has run. The event loop
   * gets its turn only every few times, but it does get it.
   */
  #drainSoon(): void {
    if (this.#turnIsDue()) {
      this.#poll()
      return
    }
    this.#eager++
    this.#arranged = true
    RESOLVED.then(this.#drainTask)
  }
}
