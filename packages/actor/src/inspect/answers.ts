import { levelOf } from '@uring-actor/client/internal'
import { nowMicros } from '@uring-actor/client/protocol'
import type { Departed } from '../channels/departed.ts'
import type { StatisticsParts } from '../control/statistics.ts'
import { Reading } from './meter.ts'
import { type ClientFigures, FORMAT, FORMAT_VERSION, type Snapshot } from './snapshot.ts'

/** The actor's own counters at one moment. */
interface OwnCounters {
  readonly moment: number
  readonly busyMicros: number
  readonly idleMicros: number
  readonly enters: number
  readonly submissions: number
  readonly submitted: number
}

const NOTHING: Reading = new Reading()

/**
 * The answers for one peer: each has the figures of the interval since the one before, the first
 * those since the actor started. Runs in the actor's thread, whose tables it reads.
 */
export class Answers {
  readonly #parts: StatisticsParts
  readonly #departed: Departed
  /** By the client's number. */
  #clients = new Map<number, Reading>()
  #all = new Reading()
  #own: OwnCounters
  #first = true

  constructor(parts: StatisticsParts, departed: Departed) {
    this.#parts = parts
    this.#departed = departed
    const none = { busyMicros: 0, idleMicros: 0, enters: 0, submissions: 0, submitted: 0 }
    this.#own = { moment: parts.startedAt, ...none }
  }

  next(): Snapshot {
    const { engine, header, startedAt } = this.#parts
    const own = this.#readOwn()
    const before = this.#own
    const intervalMicros = own.moment - before.moment
    const { all, clients } = this.#readClients(own.moment, intervalMicros)
    const snapshot: Snapshot = {
      format: FORMAT,
      version: FORMAT_VERSION,
      pid: process.pid,
      engine: engine.name,
      trace: levelOf(header),
      uptimeMicros: own.moment - startedAt,
      intervalMicros,
      first: this.#first,
      actor: {
        busyMicros: own.busyMicros - before.busyMicros,
        idleMicros: own.idleMicros - before.idleMicros,
        enters: own.enters - before.enters,
        submissions: own.submissions - before.submissions,
        submitted: own.submitted - before.submitted,
      },
      all: all.since(this.#all, intervalMicros),
      clients,
    }
    this.#own = own
    this.#all = all
    this.#first = false
    return snapshot
  }

  #readOwn(): OwnCounters {
    const { engine, loop } = this.#parts
    const { busyMicros, idleMicros } = loop.counters
    const { enters, submissions, submitted } = engine.counters
    return { moment: nowMicros(), busyMicros, idleMicros, enters, submissions, submitted }
  }

  /** Reads every client; what is known of those that have left is forgotten. */
  #readClients(now: number, intervalMicros: number): { all: Reading; clients: ClientFigures[] } {
    const all = new Reading()
    all.add(this.#departed)
    all.taken = this.#all.taken
    all.turns = this.#all.turns
    const readings = new Map<number, Reading>()
    const clients: ClientFigures[] = []
    for (const channel of this.#parts.channels) {
      if (channel === null) continue
      const { id, threadId, connectedAt } = channel
      channel.lookAtCachedReads()
      const reading = Reading.of(channel, channel)
      const before = this.#clients.get(id) ?? NOTHING
      const figures = reading.since(before, intervalMicros)
      clients.push({ id, threadId, connectedMicros: now - connectedAt, ...figures })
      all.addReading(reading, before)
      readings.set(id, reading)
    }
    this.#clients = readings
    return { all, clients }
  }
}
