import {
  CROWDED_FULLY,
  CROWDED_NOT,
  HEADER_DIRTY,
  HEADER_STATE,
  nowMicros,
  SpinBudget,
  STATE_BLOCKED,
  STATE_PARKED,
  STATE_RUNNING,
} from '@uring-actor/client/protocol'
import type { Engine } from '../engine/engine.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { Crowding } from './crowding.ts'

/** Longest sleep in the kernel. Within it terminate() and process.exit() have to wait. */
const BLOCK_MICROS = 5000
/**
 * For a while after the last work the actor sleeps in the kernel, for a short time each, because a
 * client wakes it there for less than in the event loop.
 */
const LINGER_MICROS = 10_000
const LINGER_BLOCK_MICROS = 1000
/**
 * So often a park is looked at, and ended when it has lasted for half of that: nothing that a client
 * writes can make us sleep for ever, or for more than one and a half times as long. Some short parks in vain
 * are enough to mend what clients have written to the header while they were at work; then parks are long,
 * for a process that does nothing is not to be woken for nothing. A client that waits rings again
 * (Doorbell.insist), whatever the header said when it rang first.
 */
const PARK_MILLISECONDS = 500
const SHORT_PARKS = 6
const LONG_PARK_MILLISECONDS = 10_000

/**
 * With nothing in flight the actor looks for requests, and a third as long as a client does for completions: a
 * client that has heard of one posts the next at once, or has something else to do, which may take any time.
 */
const CLIENTS_LOOK = 3
/**
 * With so few operations in flight it looks for the answer of a device too, not of a kernel worker, which it would
 * be in the way of. With more it is not worth it: those that come while the actor is woken are completed together.
 */
const FEW_IN_FLIGHT = 4
/** An interrupt brings the answer, and may take so many microseconds of the looking thread's processor for it. */
const INTERRUPT_MICROS = 60

export interface SleepCounters {
  blocks: number
  parks: number
  idleMicros: number
}

/**
 * What the actor does while there is nothing to do: it looks a little longer, then sleeps, in the
 * kernel while operations are in flight there, else in the event loop. No wake-up is lost: the
 * state is stored before the bits are read again, and clients do it the other way round.
 */
export class Sleep {
  readonly counters: SleepCounters = { blocks: 0, parks: 0, idleMicros: 0 }
  /** A sleep in the kernel has passed without work: the event loop is to have its turn. */
  turnIsDue = false
  readonly #engine: Engine
  readonly #metadata: FileCalls
  readonly #header: Int32Array
  readonly #crowding: Crowding
  readonly #dirtyWords: number
  /** How long to look for what clients post, while nothing is in flight. */
  readonly #spin: SpinBudget
  /** How long to look for the answers of devices. */
  readonly #answers: SpinBudget
  readonly #run: () => void
  /** When the park began that lasts, in microseconds; 0: there is none. */
  #parkedAt = 0
  /** Somebody waits for a client to end a park. */
  #listening = false
  #timer: NodeJS.Timeout | null = null
  /** After how long the timer looks, in milliseconds. */
  #period = PARK_MILLISECONDS
  /** The timer ends a park. */
  #timedOut = false
  /** Parks in succession that only the timer has ended. */
  #vain = 0

  /** `run` is called when a sleep in the event loop ends by itself, or a client has ended it. */
  constructor(
    parts: {
      engine: Engine
      metadata: FileCalls
      header: Int32Array
      crowding: Crowding
      maxClients: number
    },
    spinMicros: number,
    run: () => void,
  ) {
    this.#engine = parts.engine
    this.#metadata = parts.metadata
    this.#header = parts.header
    this.#crowding = parts.crowding
    this.#dirtyWords = Math.ceil(parts.maxClients / 32)
    this.#spin = new SpinBudget(spinMicros / CLIENTS_LOOK)
    this.#answers = new SpinBudget(spinMicros, INTERRUPT_MICROS)
    this.#run = run
  }

  /** A client has set its bit. */
  hasDirty(): boolean {
    for (let word = 0; word < this.#dirtyWords; word++) {
      if (Atomics.load(this.#header, HEADER_DIRTY + word) !== 0) return true
    }
    return false
  }

  /** Nothing to do since `lastWork`. Returns false when the loop is left, to be called back. */
  idle(lastWork: number): boolean {
    const began = nowMicros()
    const { canBlock } = this.#engine
    const inFlight = this.#engine.inFlight > 0
    // While the event loop has work of its own, only the event loop may sleep.
    if (this.#metadata.pending > 0 || (inFlight && !canBlock)) return !this.#park(began)
    if (inFlight) {
      this.#awaitAnswer(began)
      return true
    }
    if (this.#crowding.level !== CROWDED_FULLY && this.#look(this.#spin, began)) return true
    if (!canBlock || began - lastWork > LINGER_MICROS) return !this.#park(began)
    this.#block(LINGER_BLOCK_MICROS)
    const slept = nowMicros() - began
    this.counters.idleMicros += slept
    if (this.hasDirty()) this.#spin.slept(slept)
    else this.turnIsDue = true
    return true
  }

  /** Something is in flight: looks for it where that is worth it, else sleeps in the kernel. */
  #awaitAnswer(began: number): void {
    const few = this.#engine.inFlight <= FEW_IN_FLIGHT && !this.#engine.hasWorkers()
    const looks = few && this.#crowding.level === CROWDED_NOT
    if (looks && this.#look(this.#answers, began)) return
    const blocked = looks ? nowMicros() : began
    this.#block(BLOCK_MICROS)
    const slept = nowMicros() - blocked
    this.counters.idleMicros += slept
    if (looks) this.#answers.slept(slept)
  }

  /** Looks for work for as long as the budget says; true when there is some. */
  #look(spin: SpinBudget, began: number): boolean {
    const budget = spin.micros
    if (budget === 0) return false
    for (let now = began; now - began < budget; now = nowMicros()) {
      for (let look = 0; look < 8; look++) {
        if (this.hasDirty() || this.#engine.hasWork()) {
          const found = nowMicros()
          spin.found(found - began, found - now)
          return true
        }
      }
    }
    spin.missed()
    return false
  }

  /**
   * Sleeps in the kernel. The state is stored before the bitmap is read again, and clients set
   * their bit before they read the state: whoever posts meanwhile is seen here, or rings.
   */
  #block(timeoutMicros: number): void {
    Atomics.store(this.#header, HEADER_STATE, STATE_BLOCKED)
    if (!this.hasDirty()) {
      this.counters.blocks++
      this.#engine.block(timeoutMicros)
    }
    Atomics.store(this.#header, HEADER_STATE, STATE_RUNNING)
  }

  /** Sleeps in the event loop, in the same order. True when it does. */
  #park(began: number): boolean {
    const header = this.#header
    this.#engine.setParked(true)
    Atomics.store(header, HEADER_STATE, STATE_PARKED)
    if (this.hasDirty() || this.#engine.hasWork()) {
      this.#leavePark()
      return false
    }
    if (!this.#listen()) {
      this.#leavePark()
      return false
    }
    this.counters.parks++
    this.#parkedAt = began
    this.#lookAgain()
    return true
  }

  /**
   * Waits for a client to end a park. The waiter outlives parks that something else ended: making one
   * for each, with a time-out, costs more than many calls that are parked for. False when a client
   * has ended the park already.
   */
  #listen(): boolean {
    if (this.#listening) return true
    const wait = Atomics.waitAsync(this.#header, HEADER_STATE, STATE_PARKED)
    if (!wait.async) return false
    this.#listening = true
    wait.value.then(() => {
      this.#listening = false
      this.#ended()
    })
    return true
  }

  /** One timer at a time, which outlives many parks as well, unless it would look later than is due. */
  #lookAgain(): void {
    const period = this.#vain < SHORT_PARKS ? PARK_MILLISECONDS : LONG_PARK_MILLISECONDS
    if (this.#timer !== null) {
      if (this.#period <= period) return
      clearTimeout(this.#timer)
    }
    this.#period = period
    this.#timer = setTimeout(this.#timerTask, period).unref()
  }

  #timerTask = (): void => {
    this.#timer = null
    if (this.#parkedAt === 0) return
    if (nowMicros() - this.#parkedAt < this.#period * 500) {
      this.#lookAgain()
      return
    }
    this.#timedOut = true
    this.#ended()
    this.#timedOut = false
  }

  /** A client has ended the park, or it has lasted. */
  #ended(): void {
    if (this.#parkedAt === 0) return
    const slept = nowMicros() - this.#parkedAt
    this.counters.idleMicros += slept
    this.#spin.slept(slept)
    this.#run()
  }

  #leavePark(): void {
    Atomics.store(this.#header, HEADER_STATE, STATE_RUNNING)
    this.#engine.setParked(false)
  }

  /** Ends a park, whatever ended it. */
  unpark(): void {
    this.#vain = this.#timedOut ? this.#vain + 1 : 0
    this.#parkedAt = 0
    Atomics.store(this.#header, HEADER_STATE, STATE_RUNNING)
    this.#engine.setParked(false)
  }

  /** Nothing sleeps here again: no waiter is left behind, nor a timer. */
  end(): void {
    this.unpark()
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#listening) Atomics.notify(this.#header, HEADER_STATE)
  }
}
