import type { Distribution } from './histogram.ts'
import type { OperationStats, TraceLevel } from './types.ts'

/** What one client's channel has done, as the actor counts it. */
export interface ClientStats {
  /** Its number: the process's clients are counted from 1 on. */
  readonly id: number
  readonly threadId: number
  /** Since it connected, in microseconds. */
  readonly connectedMicros: number
  /** Operations taken from the channel. */
  readonly taken: number
  /** Times that the actor took any, and how many at a time, on average. */
  readonly turns: number
  readonly operationsPerTurn: number
  /** Operations completed; how many of them with an error. */
  readonly completed: number
  readonly errors: number
  /** And how many were reads that this client's thread has made itself, from the page cache. */
  readonly cachedReads: number
  readonly inFlight: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Times that this client's thread was woken. */
  readonly wakes: number
  /** By the name of the operation (`read`, `write`, `fsync` …); only those that occurred. */
  readonly operations: Readonly<Record<string, OperationStats>>
  /** A table for people. */
  toString(): string
}

/** The engine's and the loop's counters, of all clients together. */
export interface ActorStats {
  /** 'io_uring' or 'threadpool'; true when it was asked for. */
  readonly engine: string
  readonly forced: boolean
  /** Why this engine was chosen: a stable word, a sentence, and what to do about it, if anything. */
  readonly cause: string
  readonly reason: string
  readonly remedy: string
  /** What the engine has to do without, a sentence each. */
  readonly limitations: readonly string[]
  readonly clients: readonly ClientStats[]
  readonly completed: number
  readonly errors: number
  /** Of what was completed: reads that clients' threads have made themselves, from the page cache. */
  readonly cachedReads: number
  /** And writes to the page cache that the actor has made itself, without the ring. */
  readonly cachedWrites: number
  readonly inFlight: number
  readonly maxInFlight: number
  /** io_uring_enter calls, also those that only wait. */
  readonly enters: number
  /** Those of them that submitted operations, how many operations, and the mean of these batches. */
  readonly submissions: number
  readonly submitted: number
  readonly operationsPerEnter: number
  /** Sleeps in the kernel and in the event loop, and how often a client was woken. */
  readonly blocks: number
  readonly parks: number
  readonly wakes: number
  /** Short or interrupted transfers whose rest was asked for again. */
  readonly retries: number
  readonly openFiles: number
  /** True when every client's arena is a registered buffer and the ring refuses any other memory. */
  readonly restricted: boolean
  readonly overflow: number
  /** Time in the actor's own code and waiting, in microseconds. */
  readonly busyMicros: number
  readonly idleMicros: number
  /** Since the actor started, in microseconds. */
  readonly uptimeMicros: number
  readonly trace: TraceLevel
  /** Of all clients together, those included that have left. */
  readonly operations: Readonly<Record<string, OperationStats>>
  /** Operations per submission, and operations in flight at each: counts, not times. */
  readonly batch: Distribution
  readonly depth: Distribution
  /** A table for people. */
  toString(): string
}

/** What stands above the actor's table. */
export function actorHeading(stats: ActorStats): string {
  const { engine, uptimeMicros, clients, inFlight, trace } = stats
  return (
    `actor, ${engine}, up ${seconds(uptimeMicros)}; ${clients.length} ${clients.length === 1 ? 'client' : 'clients'}, ${inFlight} in flight; ` +
    `${submissionsOf(stats)}trace ${trace}`
  )
}

/** What went through the ring, and what did not need it; the thread pool has none. */
function submissionsOf(stats: ActorStats): string {
  const { submissions, operationsPerEnter, cachedReads, cachedWrites } = stats
  const cached = cachedReads + cachedWrites
  const parts = [
    ...(submissions === 0
      ? []
      : [
          `${submissions} ${submissions === 1 ? 'submission' : 'submissions'} of ${operationsPerEnter.toFixed(1)}`,
        ]),
    ...(cached === 0 ? [] : [`${cached} done in the page cache`]),
  ]
  return parts.length === 0 ? '' : `${parts.join(', ')}; `
}

/** What stands above a client's table. */
export function clientHeading({ id, threadId, connectedMicros, inFlight }: ClientStats): string {
  return `client ${id}, thread ${threadId}, for ${seconds(connectedMicros)}; ${inFlight} in flight`
}

function seconds(micros: number): string {
  return `${(micros / 1e6).toFixed(1)} s`
}
