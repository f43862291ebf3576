import { fileURLToPath } from 'node:url'
import {
  invalidType,
  invalidValue,
  isAbortSignal,
  outOfRange,
  refuseUnknown,
} from '@uring-actor/client/internal'

/** How to record a trace file. */
export interface RecordTraceOptions {
  /** How long to record, in seconds, whole or not: up to an hour. */
  seconds: number
  /**
   * Events in the file; an operation has up to eight, a batch three. What comes when there is no
   * room for more is counted as dropped. Default 1,000,000, some 100 MB: much more opens in no viewer.
   */
  maxEvents?: number
  /** Ends the recording without a file, with an AbortError. */
  signal?: AbortSignal
}

/** What was recorded. */
export interface RecordedTrace {
  readonly path: string
  /** Operations and batches that are in the file. */
  readonly operations: number
  readonly batches: number
  /** And those that are not: there were too many, or they were lost with a thread that ended. */
  readonly dropped: number
}

/** Options that were checked. */
export interface TraceOrder {
  readonly path: string
  readonly seconds: number
  readonly maxEvents: number
  readonly signal: AbortSignal | undefined
}

const KNOWN: readonly string[] = ['seconds', 'maxEvents', 'signal']
const SECONDS_MAX = 3600
/** The file's own are four. */
const EVENTS_MIN = 4
const EVENTS_MAX = 100_000_000

/** Checks the arguments of `recordTrace`; throws Node's argument errors. */
export function traceOrder(path: unknown, options: unknown): TraceOrder {
  const file = path instanceof URL ? fileURLToPath(path) : path
  if (typeof file !== 'string')
    throw invalidType('path', 'of type string or an instance of URL', path)
  if (file === '' || file.includes('\0')) {
    throw invalidValue('path', 'must be a string without null bytes that is not empty', file)
  }
  if (typeof options !== 'object' || options === null) {
    throw invalidType('options', 'of type object', options)
  }
  refuseUnknown(options, 'options', 'recordTrace()', KNOWN)
  const { seconds, maxEvents = 1_000_000, signal } = options as Partial<RecordTraceOptions>
  if (typeof seconds !== 'number') throw invalidType('options.seconds', 'of type number', seconds)
  if (!(seconds > 0 && seconds <= SECONDS_MAX)) {
    throw outOfRange('options.seconds', `> 0 && <= ${SECONDS_MAX}`, seconds)
  }
  if (typeof maxEvents !== 'number') {
    throw invalidType('options.maxEvents', 'of type number', maxEvents)
  }
  if (!Number.isInteger(maxEvents) || maxEvents < EVENTS_MIN || maxEvents > EVENTS_MAX) {
    throw outOfRange(
      'options.maxEvents',
      `an integer >= ${EVENTS_MIN} && <= ${EVENTS_MAX}`,
      maxEvents,
    )
  }
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidType('options.signal', 'an instance of AbortSignal', signal)
  }
  return { path: file, seconds, maxEvents, signal }
}

/** What is no regular file would be replaced by one. */
export function invalidPath(path: string): TypeError {
  return invalidValue('path', 'must be a regular file, or nothing yet', path)
}
