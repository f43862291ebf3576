import {
  BATCH_CALLED,
  BATCH_COMPLETED,
  BATCH_ENDED,
  BATCH_F64,
  BATCH_STARTED,
  BATCH_SUBMITTED,
  BATCH_TAKEN,
  RECORD_F64,
} from '@uring-actor/client/protocol'
import { ClientTrack } from './client-track.ts'
import { arrow, type Details, label, type Place, slice } from './event-text.ts'
import { detailsOf, type Moments, momentsOf, nameOf, wasCached } from './recorded-operation.ts'

/** The actor's process and thread in the file; those of clients follow. */
const ACTOR: Place = { process: 1, thread: 1 }
/** Apart from the processes' numbers: where both are the same, a thread is the main thread. */
const FIRST_LANE = 1000
/** What was called shortly before the beginning is drawn as well, in microseconds. */
const BEFORE_MICROS = 1000
/** Events of an operation and of a batch, at most. */
const OPERATION_EVENTS = 12
const BATCH_EVENTS = 3

/** The client that rows are of. */
export interface RecordedClient {
  readonly id: number
  readonly threadId: number
}

/** What is in the file, and what is not. */
export interface RecordCounts {
  readonly operations: number
  readonly batches: number
  readonly dropped: number
}

/**
 * Makes Chrome Trace Event JSON of rows, piece by piece, in the way that Perfetto reads it: the
 * slices of a thread have to nest, so each client is a process whose threads are lanes; an arrow
 * joins slices that stand before it in the file. Of an operation its stages are slices within its
 * own, which they fill exactly; its arrow goes from there to the batch of the actor that submitted
 * it, and back to its delivery.
 */
export class TraceEvents {
  readonly #began: number
  /** The moment that is 0 in the file, in microseconds. */
  readonly #origin: number
  readonly #maxEvents: number
  readonly #tracks = new Map<number, ClientTrack>()
  /** Events of the piece that is being made. */
  readonly #lines: string[] = []
  #events = 0
  #threads = FIRST_LANE
  #operations = 0
  #batches = 0
  #dropped = 0

  /** `began` is when the recording did, in microseconds; no more than `maxEvents` are written. */
  constructor(began: number, maxEvents: number) {
    this.#began = began
    this.#origin = began - BEFORE_MICROS
    this.#maxEvents = maxEvents
  }

  get counts(): RecordCounts {
    return { operations: this.#operations, batches: this.#batches, dropped: this.#dropped }
  }

  /** Counts rows that did not come so far. */
  drop(rows: number): void {
    this.#dropped += rows
  }

  /** How the file begins. */
  head(): string {
    this.#lines.push(...label('process', ACTOR, 'actor', 0))
    this.#lines.push(...label('thread', ACTOR, 'batches', 0))
    return `{"displayTimeUnit":"ns","traceEvents":[${this.#piece().slice(1)}`
  }

  /** How it ends; `facts` say what it is of. */
  tail(facts: Readonly<Record<string, string | number>>): string {
    const data = { ...facts, originMicros: this.#origin, ...this.counts }
    return `\n],"otherData":${JSON.stringify(data)}}\n`
  }

  /** The events of a client's operations, in the order of their delivery. */
  operations(client: RecordedClient, records: Float64Array, files: readonly string[]): string {
    for (let at = 0; at + RECORD_F64 <= records.length; at += RECORD_F64) {
      const moments = momentsOf(records, at, this.#origin)
      // What was called before the recording began is no part of it.
      if (moments === null) continue
      const place = this.#fits(OPERATION_EVENTS) ? this.#placeOf(client, moments) : null
      if (place === null) this.#dropped++
      else {
        const details = detailsOf(records, at, moments, files)
        this.#operation(place, nameOf(records, at), moments, details, wasCached(records, at))
      }
    }
    return this.#piece()
  }

  #placeOf({ id, threadId }: RecordedClient, { posted, delivered }: Moments): Place | null {
    let track = this.#tracks.get(id)
    if (track === undefined) {
      track = new ClientTrack(this.#tracks.size + 2, `client ${id} (thread ${threadId})`)
      this.#tracks.set(id, track)
    }
    return track.placeFor(posted, delivered, this.#lines, () => this.#threads++)
  }

  #operation(
    place: Place,
    name: string,
    moments: Moments,
    details: Details,
    cached: boolean,
  ): void {
    const { posted, taken, submitted, completed, delivered } = moments
    const id = ++this.#operations
    this.#lines.push(slice(place, 'uring', name, posted, delivered, details))
    this.#part(place, 'stage', 'queue', posted, taken)
    this.#part(place, 'stage', 'batch', taken, submitted)
    this.#part(place, 'stage', 'kernel', submitted, completed)
    this.#lines.push(arrow('s', place, id, posted))
    // What its client read itself has met no batch. What was refused, or cancelled before, was not submitted; and what was, before the recording
    // began, in a batch that is not in the file.
    const began = (this.#began - this.#origin) * 1000
    if (!cached && completed > submitted && submitted > began) {
      // What is submitted as a batch begins is in it a nanosecond later, and not in the one before.
      this.#lines.push(arrow('t', ACTOR, id, submitted + 1))
    }
    this.#part(place, 'stage', 'delivery', completed, delivered)
    this.#lines.push(arrow('f', place, id, completed))
  }

  /** What took no time has no slice: at the end of the whole it would lie outside of it. */
  #part(place: Place, category: string, name: string, start: number, end: number): void {
    if (end > start) this.#lines.push(slice(place, category, name, start, end))
  }

  /** The events of the actor's batches, in their order. */
  batches(records: Float64Array): string {
    for (let at = 0; at + BATCH_F64 <= records.length; at += BATCH_F64) {
      const ended = this.#nanos(records[at + BATCH_ENDED])
      if (ended <= 0) continue
      if (!this.#fits(BATCH_EVENTS)) {
        this.#dropped++
        continue
      }
      const started = Math.max(0, this.#nanos(records[at + BATCH_STARTED]))
      const called = Math.max(started, this.#nanos(records[at + BATCH_CALLED]))
      this.#batches++
      const details = {
        taken: records[at + BATCH_TAKEN],
        submitted: records[at + BATCH_SUBMITTED],
        completed: records[at + BATCH_COMPLETED],
      }
      this.#lines.push(slice(ACTOR, 'actor', 'batch', started, ended, details))
      this.#part(ACTOR, 'actor', 'take', started, called)
      this.#part(ACTOR, 'actor', 'submit and reap', called, ended)
    }
    return this.#piece()
  }

  #nanos(micros: number): number {
    return Math.round((micros - this.#origin) * 1000)
  }

  #fits(events: number): boolean {
    return this.#events + this.#lines.length + events <= this.#maxEvents
  }

  #piece(): string {
    const piece = this.#lines.join('')
    this.#events += this.#lines.length
    this.#lines.length = 0
    return piece
  }
}
