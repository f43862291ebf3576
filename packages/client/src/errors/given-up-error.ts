import { UringError } from './uring-error.ts'

/**
 * What became of an operation whose promise was rejected by an abort or a time-out. It is known when
 * nothing of the operation is in flight any more, so that its memory is free again.
 */
export type OperationOutcome =
  /** It was never posted, or cancelled before anything of it was begun: it did nothing. */
  | { readonly state: 'not-started' }
  /**
   * It was begun and stopped: `bytes` of a read or write had been done; of a chain, the members
   * before the one that was stopped had, with these `results`.
   */
  | { readonly state: 'cancelled'; readonly bytes: number; readonly results?: readonly unknown[] }
  /** It could not be stopped any more: it ended as if nobody had given it up. */
  | { readonly state: 'finished'; readonly result: unknown; readonly error?: undefined }
  | { readonly state: 'finished'; readonly result?: undefined; readonly error: Error }

/** The signal of a call was aborted. Node's shape: `cause` is the signal's reason. */
export class AbortError extends Error {
  readonly code = 'ABORT_ERR'
  /** Never rejects. */
  readonly outcome: Promise<OperationOutcome>

  constructor(reason: unknown, outcome: Promise<OperationOutcome>) {
    super('The operation was aborted', { cause: reason })
    this.name = 'AbortError'
    this.outcome = outcome
  }
}

/** The time-out of a call has passed: ERR_URING_TIMEOUT. */
export class TimeoutError extends UringError {
  /** Never rejects. */
  readonly outcome: Promise<OperationOutcome>

  constructor(milliseconds: number, outcome: Promise<OperationOutcome>) {
    super('ERR_URING_TIMEOUT', `the operation was given up after ${milliseconds} ms`)
    this.outcome = outcome
  }
}

/** What kept a call with `noWait` from being posted at once. */
export type BusyReason = 'channel' | 'arena' | 'line' | 'drain' | 'position'

/** A call with `noWait` would have had to wait for its turn: ERR_URING_BUSY. */
export class BusyError extends UringError {
  /**
   * `channel`: every operation of this client is outstanding. `arena`: not enough of its memory is
   * free. `line`: others wait for either. `drain`: a drained operation is under way, or is this one.
   * `position`: others at the file's own position, or its end, go before it.
   */
  readonly reason: BusyReason

  constructor(reason: BusyReason, message: string) {
    super('ERR_URING_BUSY', message)
    this.reason = reason
  }
}
