import { setTimeout as delay } from 'node:timers/promises'
import { HEADER_TRACE, nowMicros, RECORDS_KIND, TRACE_RECORD } from '@uring-actor/client/protocol'
import type { RelayedRecords } from './relay.ts'
import { TraceEvents } from './trace-events.ts'
import type { RecordedTrace, TraceOrder } from './trace-order.ts'
import { WholeFile } from './whole-file.ts'

/** What a recording needs of the actor. */
export interface TraceSource {
  readonly header: Int32Array
  /** What the file says that it is of. */
  readonly facts: Readonly<Record<string, string | number>>
  /** Has the actor's thread pass on what is recorded, which counts the chunks in `queued`. */
  start(queued: SharedArrayBuffer): Promise<void>
  /** Ends that when all is passed on; how many rows were not. */
  stop(): Promise<number>
  /** Hears the messages of the actor's thread; returns how not to. */
  listen(listener: (message: unknown) => void): () => void
  /** Hears of that thread's end; returns how not to. */
  onEnd(listener: (error: Error) => void): () => void
}

/** Records a trace file. Whatever goes wrong ends the recording at once, and leaves no file. */
export async function recordTrace(source: TraceSource, order: TraceOrder): Promise<RecordedTrace> {
  if (order.signal?.aborted) throw abortError(order.signal)
  const file = await WholeFile.begin(order.path)
  const recording = new Recording(source, order, file)
  try {
    await recording.run()
    await file.keep()
  } catch (error) {
    await file.discard()
    throw error
  }
  return { path: order.path, ...recording.counts }
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

/** One recording, from the first row to the last. */
class Recording {
  readonly #source: TraceSource
  readonly #order: TraceOrder
  readonly #file: WholeFile
  readonly #queued = new Int32Array(new SharedArrayBuffer(4))
  /** Chunks that were not written yet. */
  readonly #chunks: RelayedRecords[] = []
  #events: TraceEvents | null = null
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  /** Aborted when the recording ends before its time, with the error as its reason. */
  readonly #broken = new AbortController()

  constructor(source: TraceSource, order: TraceOrder, file: WholeFile) {
    this.#source = source
    this.#order = order
    this.#file = file
  }

  get counts(): TraceEvents['counts'] {
    return (this.#events as TraceEvents).counts
  }

  async run(): Promise<void> {
    const { signal } = this.#order
    const aborted = (): void => this.#break(abortError(signal as AbortSignal))
    const deafen = this.#source.listen((message) => this.#receive(message))
    const forget = this.#source.onEnd((error) => this.#break(error))
    signal?.addEventListener('abort', aborted, { once: true })
    try {
      await this.#record()
    } finally {
      Atomics.and(this.#source.header, HEADER_TRACE, ~TRACE_RECORD)
      deafen()
      forget()
      signal?.removeEventListener('abort', aborted)
      // Timers end with it; and what is being written is, before the file is closed.
      this.#break(new Error('the recording has ended'))
      await this.#writing
    }
  }

  #break(error: Error): void {
    this.#broken.abort(error)
  }

  async #record(): Promise<void> {
    const { header, facts, start, stop } = this.#source
    const { seconds, maxEvents } = this.#order
    try {
      await this.#unlessBroken(start(this.#queued.buffer as SharedArrayBuffer))
      const events = new TraceEvents(nowMicros(), maxEvents)
      this.#events = events
      this.#write(events.head())
      Atomics.or(header, HEADER_TRACE, TRACE_RECORD)
      await this.#pause(seconds * 1000)
      Atomics.and(header, HEADER_TRACE, ~TRACE_RECORD)
      events.drop(await this.#unlessBroken(stop()))
      await this.#unlessBroken(this.#writing)
      await this.#unlessBroken(this.#file.write(events.tail({ ...facts, seconds })))
    } catch (error) {
      // The actor's thread goes on, unless it has ended itself.
      stop().catch(() => {})
      throw error
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const { signal } = this.#broken
    await delay(milliseconds, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }

  /** What a promise resolves to, unless the recording ends before. */
  #unlessBroken<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#broken
    return new Promise((resolve, reject) => {
      const broken = (): void => reject(signal.reason)
      if (signal.aborted) broken()
      else signal.addEventListener('abort', broken, { once: true })
      promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', broken))
    })
  }

  #receive(message: unknown): void {
    const records = message as RelayedRecords
    if (records?.kind !== RECORDS_KIND) return
    this.#chunks.push(records)
    this.#write('')
  }

  /** Writes what there is, one after the other: `text`, then the chunks. */
  #write(text: string): void {
    if (this.#isWriting || this.#events === null) return
    this.#isWriting = true
    this.#writing = this.#writeAll(this.#events, text)
      .catch((error: Error) => this.#break(error))
      .finally(() => {
        this.#isWriting = false
      })
  }

  async #writeAll(events: TraceEvents, text: string): Promise<void> {
    if (text !== '') await this.#file.write(text)
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined || this.#broken.signal.aborted) return
      const { client, records, files } = chunk
      const piece =
        client === null ? events.batches(records) : events.operations(client, records, files)
      if (piece !== '') await this.#file.write(piece)
      Atomics.sub(this.#queued, 0, 1)
    }
  }
}
