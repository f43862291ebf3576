import type { OpenFile } from '../files/file-table.ts'
import type { OperationTable } from '../operations/operation-table.ts'

/** The slot before it is the engine's own: the ring has its doorbell there. */
export const FIRST_FILE_SLOT = 1

/** Something that an engine has to do without. */
export interface Limitation {
  /** One sentence for people. */
  readonly text: string
  /** True when whoever runs the process should hear of it unasked. */
  readonly warn: boolean
}

/** Takes results. */
export interface ResultSink {
  completed(tag: number, res: number): void
}

export interface CompletionSink extends ResultSink {
  /** The kernel was called, and what follows has completed by now. */
  reaping(): void
}

/**
 * What carries operations out. The dispatcher says which row of the operation table to begin; the
 * engine gives its result, `>= 0` or `-errno`, to the sink later. An engine decides nothing about
 * retries, order between operations or errors: that is the same for all engines.
 */
export interface Engine {
  /** 'io_uring', 'threadpool', or that of an engine for tests. */
  readonly name: string
  /** The rows that it begins; as many as can be in flight. */
  readonly table: OperationTable
  /** Most operations in flight at once. */
  readonly capacity: number
  /** Files that can be open at once. */
  readonly fileSlots: number
  /** Most operations that can be linked in one submission. */
  readonly chainLength: number
  /** Descriptor that wakes it while it sleeps in the kernel, -1 when it never does. */
  readonly doorbell: number
  /** What it has to do without. */
  readonly limitations: readonly Limitation[]
  /** True when it can sleep in the kernel, by `block`; else only the event loop can sleep. */
  readonly canBlock: boolean
  /** True when memory outside the registered arenas is refused by the kernel itself. */
  readonly restricted: boolean

  /** Requests that can be begun before the next `submit`. */
  readonly room: number
  /** Requests begun and not submitted. */
  readonly unsubmitted: number
  /** How many of those that there were the last submission has left for a later one. */
  readonly leftOver: number
  /** Requests submitted that have not completed. */
  readonly inFlight: number
  /**
   * Most kernel threads that its operations kept busy at the same time since this was asked last:
   * each of them takes a processor.
   */
  takeWorkers(): number
  /**
   * Something in flight is done by another thread of this machine, which needs a processor all the time. A
   * sync is not meant: who does it mostly waits for the device.
   */
  hasWorkers(): boolean
  /** True when something completed, or may have, that `poll` would deliver. */
  hasWork(): boolean
  /** True when the engine can carry this kind of operation out on this file by itself. */
  supports(kind: number, blockDevice: boolean): boolean
  /**
   * Begins the row's next piece. `linked`: the next begun row waits for this one's success. The
   * result of a trim is 0, or TRIM_* where it went another way than the ring would have gone.
   */
  begin(row: number, linked: boolean): void
  /** Begins fsync or fdatasync on behalf of a row. */
  beginSync(row: number, file: number, data: boolean): void
  /** Asks for the cancellation of a row; it still completes. */
  cancel(row: number): void
  /** Hands what was begun to the kernel and delivers what has completed meanwhile. */
  submit(sink: CompletionSink): number
  /** Delivers what has completed. */
  poll(sink: ResultSink): number
  /** Sleeps until something completes or the doorbell rings, at most so many microseconds. */
  block(timeoutMicros: number): void
  /** Whether completions call the loop back while it is parked. */
  setParked(parked: boolean): void

  /** 0 or `-errno`. It may put another descriptor of the same file into `file.fd`. */
  registerFile(file: OpenFile): number
  unregisterFile(slot: number): void
  attachArena(channel: number, arena: SharedArrayBuffer): void
  detachArena(channel: number): void
  /** Cancels and drains; returns how many operations are still in flight. */
  close(drainMilliseconds: number): number
  readonly counters: EngineCounters
}

export interface EngineCounters {
  /** System calls, also those that only wait. */
  readonly enters: number
  /** Those of them that submitted requests, and the requests. */
  readonly submissions: number
  readonly submitted: number
  readonly overflow: number
  /** Writes to the page cache that the calling thread has made, none of them submitted. */
  readonly cachedWrites: number
}
