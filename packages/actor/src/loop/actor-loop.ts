import { addTo } from '@uring-actor/client/internal'
import {
  HEADER_DIRTY,
  HEADER_STATE,
  HEADER_TRACE,
  HISTOGRAM_F64,
  nowMicros,
  SpinBudget,
  STATE_BLOCKED,
  STATE_PARKED,
  STATE_RUNNING,
  TRACE_OFF,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Clients } from '../channels/clients.ts'
import { BROKEN, type Taking } from '../channels/taking.ts'
import type { Engine } from '../engine/engine.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { Dispatcher } from '../operations/dispatcher.ts'
import { BatchRows } from './batch-rows.ts'
import { SliceSize } from './slice.ts'

/** The event loop gets its turn at least this often, in microseconds: control messages wait there. */
const TURN_MICROS = 4000
/** Longest sleep in the kernel. Within it terminate() and process.exit() have to wait. */
const BLOCK_MICROS = 5000
/**
 * For a while after the last work the actor sleeps in the kernel, for a short time each, because a
 * client wakes it there for less than in the event loop.
 */
const LINGER_MICROS = 10_000
const LINGER_BLOCK_MICROS = 1000
/** Longest sleep in the event loop: nothing that a client writes can make us sleep for ever. */
const PARK_MILLISECONDS = 500
/** Requests of one channel that are taken before it is the next one's turn. */
const QUANTUM = 16
/**
 * So often every channel is looked at, whatever the bitmap says, in microseconds: any client can
 * write there, and a bit that one of them has cleared would be another's request for ever.
 */
const SWEEP_MICROS = 250_000

export interface LoopCounters {
  blocks: number
  parks: number
  busyMicros: number
  idleMicros: number
}

/**
 * The actor's duty cycle. `run` repeats: take what clients posted, hand it to the engine in slices,
 * complete what came back; and when there is nothing: look a little longer, then sleep, in the
 * kernel while operations are in flight there, else in the event loop.
 */
export class ActorLoop {
  /** What is recorded for a trace file. */
  readonly rows: BatchRows = new BatchRows()
  readonly counters: LoopCounters = { blocks: 0, parks: 0, busyMicros: 0, idleMicros: 0 }
  /** Histograms of operations per submission, and of operations in flight at each. */
  readonly batches: Float64Array = new Float64Array(2 * HISTOGRAM_F64)
  #engine: Engine
  #dispatcher: Dispatcher
  #taking: Taking
  #metadata: FileCalls
  #clients: Clients
  #channels: ReadonlyArray<Channel | null>
  #header: Int32Array
  #dirtyWords: number
  #onBroken: (channel: Channel) => void
  /** Channels that may have requests, in the order of their turns. */
  #ready: Channel[] = []
  #slice = new SliceSize()
  #spin: SpinBudget
  #scheduled = false
  #running = false
  #stopped = false
  #lastWork = 0
  #swept = 0
  #turnIsDue = false
  /** Counts parks, so that a late wake-up of an earlier one is known for what it is. */
  #parked = 0

  constructor(
    parts: {
      engine: Engine
      dispatcher: Dispatcher
      taking: Taking
      metadata: FileCalls
      clients: Clients
      header: Int32Array
    },
    spinMicros: number,
    onBroken: (channel: Channel) => void,
  ) {
    this.#engine = parts.engine
    this.#dispatcher = parts.dispatcher
    this.#taking = parts.taking
    this.#metadata = parts.metadata
    this.#clients = parts.clients
    this.#channels = parts.clients.channels
    this.#header = parts.header
    this.#dirtyWords = Math.ceil(this.#channels.length / 32)
    this.#spin = new SpinBudget(spinMicros)
    this.#onBroken = onBroken
  }

  /** Something happened in the event loop: run at its next turn. */
  wake(): void {
    if (this.#scheduled || this.#running || this.#stopped) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  stop(): void {
    this.#stopped = true
    this.#unpark()
  }

  /** A channel that has to be looked at, whatever its dirty bit says. */
  addReady(channel: Channel): void {
    if (channel.ready || channel.dead) return
    channel.ready = true
    this.#ready.push(channel)
  }

  #run = (): void => {
    this.#scheduled = false
    if (this.#running || this.#stopped) return
    this.#running = true
    this.#unpark()
    let now = nowMicros()
    const turnEnds = now + TURN_MICROS
    if (now - this.#swept > SWEEP_MICROS) this.#sweep(now)
    for (;;) {
      const work = this.#cycle(now)
      now = this.#dispatcher.now
      if (this.#stopped) break
      if (work > 0) {
        this.#lastWork = now
      } else {
        if (!this.#idle()) break
        now = nowMicros()
      }
      if (now > turnEnds || this.#turnIsDue) {
        this.#turnIsDue = false
        this.#scheduled = true
        setImmediate(this.#run)
        break
      }
    }
    this.#running = false
  }

  /** One cycle: take, submit in slices, complete, publish. Returns how much there was to do. */
  #cycle(start: number): number {
    const dispatcher = this.#dispatcher
    dispatcher.now = start
    if (this.rows.recording) this.rows.began(start)
    this.#collectDirty()
    dispatcher.resume()
    let work = this.#flush(start)
    let turns = this.#ready.length
    while (turns > 0) {
      turns--
      const channel = this.#ready.shift() as Channel
      const taken = channel.dead ? 0 : this.#takeFrom(channel)
      work += taken
      if (this.#engine.unsubmitted >= this.#slice.size) work += this.#flush(dispatcher.now)
    }
    dispatcher.syncs.begin()
    work += this.#flush(dispatcher.now)
    return work
  }

  #takeFrom(channel: Channel): number {
    const room = this.#slice.size - this.#engine.unsubmitted
    const taken = this.#taking.take(channel, room < 1 ? 1 : Math.min(room, QUANTUM))
    channel.ready = false
    if (taken === BROKEN) {
      this.#onBroken(channel)
      return 0
    }
    this.rows.taken += taken
    // It stays in line while it may have more: also when a drain or a full table held it back.
    const left = channel.available()
    if (left !== 0) this.addReady(channel)
    channel.expectMore(taken > 0 ? left : 0)
    return taken
  }

  /** Submits what was begun, completes what came back, and publishes it. */
  #flush(started: number): number {
    const engine = this.#engine
    const dispatcher = this.#dispatcher
    const submitting = engine.unsubmitted
    if (submitting === 0 && !engine.hasWork()) {
      this.#publish()
      if (this.rows.recording && this.rows.taken > 0) {
        dispatcher.now = nowMicros()
        this.rows.ended(dispatcher.now, dispatcher.now, 0, 0)
      }
      return 0
    }
    const before = submitting > 0 ? nowMicros() : started
    if (submitting > 0) dispatcher.table.submitted(before)
    const inFlight = dispatcher.table.inUse
    if (inFlight > dispatcher.maxInFlight) dispatcher.maxInFlight = inFlight
    if (submitting > 0 && this.#header[HEADER_TRACE] !== TRACE_OFF) {
      addTo(this.batches, 0, submitting)
      addTo(this.batches, HISTOGRAM_F64, inFlight)
    }
    const completed = engine.submit(dispatcher)
    this.#publish()
    const after = nowMicros()
    dispatcher.now = after
    if (submitting > 0) this.#slice.measured(submitting, completed, after - before, engine.inFlight)
    this.counters.busyMicros += after - started
    if (this.rows.recording) this.rows.ended(before, after, submitting, completed)
    if (completed > 0) dispatcher.busyShare = (before - started) / completed
    return submitting + completed
  }

  /** Publishes what was completed; the dispatcher lists whom it concerns. */
  #publish(): void {
    const { unpublished } = this.#dispatcher
    while (unpublished.length > 0) (unpublished.pop() as Channel).publish()
  }

  /** Moves the channels whose bit is set into the line. Only the bit says anything. */
  #collectDirty(): number {
    const header = this.#header
    let found = 0
    for (let word = 0; word < this.#dirtyWords; word++) {
      if (Atomics.load(header, HEADER_DIRTY + word) === 0) continue
      let bits = Atomics.exchange(header, HEADER_DIRTY + word, 0)
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits)
        bits &= bits - 1
        const channel = this.#channels[word * 32 + bit]
        if (channel) {
          this.addReady(channel)
          found++
        }
      }
    }
    return found
  }

  /** Mends what a client may have done to the header, which all of them can write. */
  #sweep(now: number): void {
    this.#swept = now
    this.#clients.restoreHeader()
    for (const channel of this.#channels) {
      if (channel === null) continue
      if (channel.available() !== 0 || channel.hasCancels()) this.addReady(channel)
    }
  }

  #hasDirty(): boolean {
    for (let word = 0; word < this.#dirtyWords; word++) {
      if (Atomics.load(this.#header, HEADER_DIRTY + word) !== 0) return true
    }
    return false
  }

  /** Nothing to do. Returns false when the loop is left, to be called back. */
  #idle(): boolean {
    const began = nowMicros()
    const { canBlock } = this.#engine
    const inFlight = this.#engine.inFlight > 0
    // While the event loop has work of its own, only the event loop may sleep.
    if (this.#metadata.pending > 0 || (inFlight && !canBlock)) return !this.#park(began)
    if (inFlight) {
      this.#block(BLOCK_MICROS)
      this.counters.idleMicros += nowMicros() - began
      return true
    }
    if (this.#spinUntil(began)) return true
    if (!canBlock || began - this.#lastWork > LINGER_MICROS) return !this.#park(began)
    this.#block(LINGER_BLOCK_MICROS)
    const slept = nowMicros() - began
    this.counters.idleMicros += slept
    if (this.#hasDirty()) this.#spin.slept(slept)
    else this.#turnIsDue = true
    return true
  }

  #spinUntil(began: number): boolean {
    const budget = this.#spin.micros
    if (budget === 0) return false
    for (let now = began; now - began < budget; now = nowMicros()) {
      for (let look = 0; look < 8; look++) {
        if (this.#hasDirty() || this.#engine.hasWork()) {
          this.#spin.found(nowMicros() - began)
          return true
        }
      }
    }
    this.#spin.missed()
    return false
  }

  /**
   * Sleeps in the kernel. The state is stored before the bitmap is read again, and clients set
   * their bit before they read the state: whoever posts meanwhile is seen here, or rings.
   */
  #block(timeoutMicros: number): void {
    Atomics.store(this.#header, HEADER_STATE, STATE_BLOCKED)
    if (!this.#hasDirty()) {
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
    if (this.#hasDirty() || this.#engine.hasWork()) {
      this.#leavePark()
      return false
    }
    const wait = Atomics.waitAsync(header, HEADER_STATE, STATE_PARKED, PARK_MILLISECONDS)
    if (!wait.async) {
      this.#leavePark()
      return false
    }
    this.counters.parks++
    this.#parked++
    const mine = this.#parked
    wait.value.then(() => {
      if (mine !== this.#parked) return
      const slept = nowMicros() - began
      this.counters.idleMicros += slept
      this.#spin.slept(slept)
      this.#run()
    })
    return true
  }

  #leavePark(): void {
    Atomics.store(this.#header, HEADER_STATE, STATE_RUNNING)
    this.#engine.setParked(false)
  }

  /** Ends a park that something else than its own wake-up ended; no waiter is left behind. */
  #unpark(): void {
    this.#parked++
    if (Atomics.exchange(this.#header, HEADER_STATE, STATE_RUNNING) === STATE_PARKED) {
      Atomics.notify(this.#header, HEADER_STATE)
    }
    this.#engine.setParked(false)
  }
}
