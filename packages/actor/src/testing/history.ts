import type { FaultOperation } from './plan.ts'

/** What was done to an operation. */
export type FaultKind =
  /** It failed with an injected error. */
  | 'error'
  /** It did a part of its bytes. */
  | 'short'
  /** It failed with EINTR or EAGAIN, and is asked for again. */
  | 'interrupt'
  /** It took longer because a rule says so. */
  | 'delay'
  /** It was cancelled: it was given up, or the one that it was linked to failed or was short. */
  | 'cancelled'
  /** A submission was refused with EBUSY. */
  | 'busy'
  /** The power was cut as it began, or while it was in flight. */
  | 'power-cut'
  /** There was no power, or its file was opened before it was cut. */
  | 'power-off'
  /** Nothing: it was begun, or completed by itself. Only with `trace`. */
  | 'begun'
  | 'completed'

/** One entry of the history of what was injected. */
export interface FaultEvent {
  /**
   * The operation's number: 0 is the first that the actor began. What it sends again after a short
   * or interrupted try is the same operation; the sync that several share is one. -1: a
   * submission, or a power cut, which are no operation.
   */
  readonly operation: number
  readonly kind: FaultKind
  readonly name: FaultOperation | 'submit' | 'power'
  /** The file's path; '' where there is none. */
  readonly path: string
  /** Position of the try in the file, 0 where it has none; -1 for the file's own. */
  readonly position: number
  /** Bytes that a try of a read or write asked for. */
  readonly length: number
  /** What the try came to: bytes, or a negative errno. */
  readonly result: number
  /** Virtual time, in microseconds. */
  readonly time: number
}
