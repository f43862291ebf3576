import { addTo } from '@uring-actor/client/internal'
import {
  HEADER_DIRTY,
  HEADER_TRACE,
  HISTOGRAM_F64,
  nowMicros,
  TRACE_OFF,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Clients } from '../channels/clients.ts'
import { BROKEN, type Taking } from '../channels/taking.ts'
import type { Engine } from '../engine/engine.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { Dispatcher } from '../operations/dispatcher.ts'
import { BatchRows } from './batch-rows.ts'
import { Crowding } from './crowding.ts'
import { Sleep, type SleepCounters } from './sleep.ts'
import { SliceSize } from './slice.ts'

/** The event loop gets its turn at least this often, in microseconds: control messages wait there. */
const TURN_MICROS = 4000
/** Requests of one channel that are taken before it is the next one's turn. */
const QUANTUM = 16
/**
 * So often every channel is looked at, whatever the bitmap says, in microseconds: any client can
 * write there, and a bit that one of them has cleared would be another's request for ever.
 */
const SWEEP_MICROS = 250_000

export interface LoopCounters extends SleepCounters {
  busyMicros: number
}

/**
 * The actor's duty cycle. `run` repeats: take what clients posted, hand it to the engine in slices,
 * complete what came back; and when there is nothing, sleep (sleep.ts).
 */
export class ActorLoop {
  /** What is recorded for a trace file. */
  readonly rows: BatchRows = new BatchRows()
  /** Histograms of operations per submission, and of operations in flight at each. */
  readonly batches: Float64Array = new Float64Array(2 * HISTOGRAM_F64)
  #engine: Engine
  #dispatcher: Dispatcher
  #taking: Taking
  #clients: Clients
  #channels: ReadonlyArray<Channel | null>
  #header: Int32Array
  #dirtyWords: number
  #onBroken: (channel: Channel) => void
  /** Channels that may have requests, in the order of their turns. */
  #ready: Channel[] = []
  #slice = new SliceSize()
  readonly #sleep: Sleep
  readonly #crowding: Crowding
  #busyMicros = 0
  #scheduled = false
  #running = false
  #stopped = false
  #lastWork = 0
  #swept = 0

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
    this.#clients = parts.clients
    this.#channels = parts.clients.channels
    this.#header = parts.header
    this.#dirtyWords = Math.ceil(this.#channels.length / 32)
    const { engine, metadata, header } = parts
    const crowding = new Crowding(header, this.#channels, engine)
    this.#crowding = crowding
    const sleeper = { engine, metadata, header, crowding, maxClients: this.#channels.length }
    this.#sleep = new Sleep(sleeper, spinMicros, this.#run)
    this.#onBroken = onBroken
  }

  get counters(): LoopCounters {
    return { ...this.#sleep.counters, busyMicros: this.#busyMicros }
  }

  /** Something happened in the event loop: run at its next turn. */
  wake(): void {
    if (this.#scheduled || this.#running || this.#stopped) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  stop(): void {
    this.#stopped = true
    this.#sleep.end()
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
    this.#sleep.unpark()
    let now = nowMicros()
    const turnEnds = now + TURN_MICROS
    if (now - this.#swept > SWEEP_MICROS) this.#sweep(now)
    this.#crowding.look(now)
    for (;;) {
      const work = this.#cycle(now)
      now = this.#dispatcher.now
      if (this.#stopped) break
      if (work > 0) {
        this.#lastWork = now
      } else {
        if (!this.#sleep.idle(this.#lastWork)) break
        now = nowMicros()
      }
      if (now > turnEnds || this.#sleep.turnIsDue) {
        this.#sleep.turnIsDue = false
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
    const completed = engine.submit(dispatcher)
    const submitted = submitting > 0 ? submitting - engine.leftOver : 0
    if (submitted > 0 && this.#header[HEADER_TRACE] !== TRACE_OFF) {
      addTo(this.batches, 0, submitted)
      addTo(this.batches, HISTOGRAM_F64, inFlight)
    }
    this.#publish()
    const after = nowMicros()
    dispatcher.now = after
    if (submitted > 0) this.#slice.measured(submitted, completed, after - before, engine.inFlight)
    this.#busyMicros += after - started
    if (this.rows.recording) this.rows.ended(before, after, submitted, completed)
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
}
