import { setTimeout as delay } from 'node:timers/promises'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import {
  BATCH_F64,
  CHUNK_PATHS_MAX,
  CHUNK_RECORDS,
  RECORD_F64,
  RECORDS_KIND,
  TRACE_HELD,
  wordsOf,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { BatchRows } from '../loop/batch-rows.ts'
import type { RecordedClient } from './trace-events.ts'

/** Chunks that the spawning thread may have before it: more than it can write are dropped. */
const MOST_QUEUED = 128
/** Messages of a client that leaves which are heard before: an honest one has sent a few. */
const MOST_LEFT = 16
/** Clients hand on what they have within 100 ms. One whose thread is busy is waited for so long. */
const HAND_ON_MILLISECONDS = 1000
const LOOK_MILLISECONDS = 10

/** Rows on their way to the spawning thread: a client's operations, or the actor's batches. */
export interface RelayedRecords {
  readonly kind: typeof RECORDS_KIND
  /** Null for batches. */
  readonly client: RecordedClient | null
  readonly records: Float64Array
  /** The paths that the rows name. */
  readonly files: readonly string[]
}

/**
 * The actor's side of a trace file: passes on what clients have recorded, which may be anything,
 * and what its loop has. While nobody records it passes nothing on.
 */
export class TraceRelay {
  readonly #spawner: MessagePort
  readonly #batches: BatchRows
  readonly #channels: ReadonlyArray<Channel | null>
  /** Chunks that were sent to the spawning thread, and not written by it; null: nobody records. */
  #queued: Int32Array | null = null
  /** Rows that were not passed on, or were lost with their client's thread. */
  #dropped = 0

  constructor(spawner: MessagePort, batches: BatchRows, channels: ReadonlyArray<Channel | null>) {
    this.#spawner = spawner
    this.#batches = batches
    this.#channels = channels
  }

  start(queued: SharedArrayBuffer): void {
    // One that was given up may not have ended here yet.
    this.#batches.end()
    this.#queued = new Int32Array(queued)
    this.#dropped = 0
    this.#batches.start((records) => this.#pass(null, records, BATCH_F64, []))
  }

  /** Waits for what clients have recorded. Resolves to how many rows were not passed on. */
  async stop(): Promise<number> {
    const recording = this.#queued
    const until = performance.now() + HAND_ON_MILLISECONDS
    while (this.#held() > 0 && performance.now() < until) await delay(LOOK_MILLISECONDS)
    const late = this.#held()
    // What they have handed on lies in their ports: it is heard before the second turn ends.
    for (let turn = 0; turn < 2; turn++) await new Promise(setImmediate)
    // Another one has begun meanwhile, and goes on.
    if (this.#queued !== recording) return 0
    this.#batches.end()
    this.#queued = null
    return this.#dropped + late
  }

  /** What all clients together have recorded and not handed on. */
  #held(): number {
    let held = 0
    for (const channel of this.#channels) held += channel === null ? 0 : heldBy(channel)
    return held
  }

  /** Hears what a client hands on. */
  listen(channel: Channel): void {
    channel.port.on('message', (message: unknown) => this.#receive(channel, message))
    channel.port.on('close', () => this.#closed(channel))
  }

  /** A client's thread has ended, or it has left: nobody hands on what it held. */
  #closed(channel: Channel): void {
    if (this.#queued === null) return
    this.#dropped += heldBy(channel)
    Atomics.store(wordsOf(channel.traceMemory), TRACE_HELD, 0)
  }

  /** A client leaves, and its port will be closed: what it has sent is heard now. */
  leave({ port }: Channel): void {
    if (this.#queued === null) return
    for (let left = 0; left < MOST_LEFT; left++) {
      const received = receiveMessageOnPort(port)
      if (received === undefined) return
      port.emit('message', received.message)
    }
  }

  #receive({ id, threadId }: Channel, message: unknown): void {
    if (this.#queued === null || typeof message !== 'object' || message === null) return
    const { kind, records, files } = message as Partial<Record<string, unknown>>
    if (kind !== RECORDS_KIND || !(records instanceof Float64Array)) return
    const { length } = records
    if (length === 0 || length > CHUNK_RECORDS * RECORD_F64 || length % RECORD_F64 !== 0) return
    // A copy: theirs may be shared, or part of something large.
    this.#pass({ id, threadId }, new Float64Array(records), RECORD_F64, pathsOf(files))
  }

  #pass(
    client: RecordedClient | null,
    records: Float64Array,
    width: number,
    files: readonly string[],
  ): void {
    const queued = this.#queued
    if (queued === null) return
    if (Atomics.load(queued, 0) >= MOST_QUEUED) {
      this.#dropped += records.length / width
      return
    }
    Atomics.add(queued, 0, 1)
    const message: RelayedRecords = { kind: RECORDS_KIND, client, records, files }
    this.#spawner.postMessage(message, [records.buffer as ArrayBuffer])
  }
}

/** What a client says that it holds, as far as that can be. */
function heldBy({ traceMemory }: Channel): number {
  const held = Atomics.load(wordsOf(traceMemory), TRACE_HELD)
  return held > 0 && held <= CHUNK_RECORDS ? held : 0
}

/** What a client has sent as paths, made anew; none where it is anything else. */
function pathsOf(files: unknown): string[] {
  if (!Array.isArray(files) || files.length > CHUNK_RECORDS) return []
  const paths: string[] = []
  let units = 0
  for (const path of files) {
    if (typeof path !== 'string') return []
    units += path.length
    paths.push(path)
  }
  return units <= CHUNK_PATHS_MAX ? paths : []
}
