import type { Operation } from './injector.ts'

/** BEGUN, then WAITING for its time, RUNNING in the engine below, ENDING: waiting to be told. */
type Stage = 'begun' | 'waiting' | 'running' | 'ending'

/** One try of an operation: one request. */
export interface Try {
  readonly row: number
  readonly sync: boolean
  readonly file: number
  readonly data: boolean
  /** The one that waits for this one's success. */
  next: Try | null
  readonly linked: boolean
  readonly operation: Operation
  readonly number: number
  stage: Stage
  cancelled: boolean
  result: number
  /** Bytes asked for, those that a fault leaves out included. */
  asked: number
  /** A transfer's length in its row, which is less while a shortened try runs. */
  length: number
  shortened: boolean
  endDelay: number
}
