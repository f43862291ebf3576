import {
  epochMillis,
  HEADER_SLOW,
  HEADER_TRACE,
  nowMicros,
  OPERATION_DETACH,
  OPERATION_NAMES,
  TRACE_LEVEL,
  TRACE_LOG,
  TRACE_SPAN,
} from '../protocol/index.ts'
import { type Described, describe, isTransfer, type Places } from './description.ts'
import { writeLine } from './log.ts'
import { Recorder } from './recorder.ts'
import { SlowReports } from './slow.ts'
import { hasSubscribers, Sampler, Span } from './spans.ts'
import type { Traced } from './traced.ts'
import type { SlowOperation } from './types.ts'

/**
 * So many posts that are handed over together have a clock reading each; of more than that every
 * so-manieth has one. Reading the clock takes as long as posting.
 */
const BURST = 8

/**
 * All that a client's transport tells of its operations while they live. Which level is in force
 * stands in the actor's header; it is read at each operation, so a change is in force at once.
 */
export class OperationTrace {
  readonly recorder: Recorder = new Recorder()
  readonly #header: Int32Array
  readonly #places: Places
  readonly #sampler: Sampler
  readonly #slow: SlowReports
  /** Posts since something was handed over, and the time of one of the last of them. */
  #burst = 0
  #burstMicros = 0

  constructor(header: Int32Array, places: Places, report: (slow: SlowOperation) => void) {
    this.#header = header
    this.#places = places
    this.#sampler = new Sampler(header)
    this.#slow = new SlowReports(report)
  }

  /** Now, in microseconds; 0 where nothing is traced, and no clock read. */
  now(): number {
    return this.#header[HEADER_TRACE] === 0 ? 0 : nowMicros()
  }

  /** True when operations are to have spans that somebody sees. */
  get publishes(): boolean {
    const word = this.#header[HEADER_TRACE]
    return (word & TRACE_LEVEL) === TRACE_SPAN && ((word & TRACE_LOG) !== 0 || hasSubscribers())
  }

  /** An operation is claimed: its posting begins. */
  claimed(): void {
    if (this.#header[HEADER_TRACE] !== 0) this.recorder.posting()
  }

  /** Its request is about to be written. `postedAt` is set when the call has waited since. */
  posting(operation: Traced, blocking: boolean): void {
    if (this.#header[HEADER_TRACE] === 0) return
    if (operation.postedAt === 0) operation.postedAt = this.#burstTime()
    if (this.publishes && operation.kind !== OPERATION_DETACH && this.#sampler.next()) {
      operation.span = new Span(operation, this.#places, blocking)
    }
  }

  /** What was posted is handed over. */
  published(): void {
    this.#burst = 0
  }

  /** Now, or a few posts ago: what is posted in a long burst is posted in one go. */
  #burstTime(): number {
    const before = this.#burst++
    if (before < BURST || before % BURST === 0) this.#burstMicros = nowMicros()
    return this.#burstMicros
  }

  #describe(operation: Traced): Described {
    return describe(operation, this.#places, epochMillis(operation.postedAt))
  }

  /** Its completion is here, whose times stand at `at` of `times`, and will be settled next. */
  completed(operation: Traced, res: number, times: Float64Array, at: number, now: number): void {
    if (operation.kind === OPERATION_DETACH) return
    const { recorder } = this
    recorder.record(operation.kind, operation.postedAt, times, at, now)
    const slow = this.#header[HEADER_SLOW]
    if (slow > 0 && recorder.total >= slow) {
      this.#slow.tell(this.#describe(operation), res, recorder.stages(), now)
    }
    if (operation.span !== null) this.#end(operation.span, operation, res)
  }

  #end(span: Span, operation: Traced, res: number): void {
    if (res >= 0) span.result = isTransfer(operation.kind) ? res : 0
    else span.error = this.#places.errorOf(res, OPERATION_NAMES[operation.kind], span.file)
    span.finish(this.recorder.stages())
    if ((this.#header[HEADER_TRACE] & TRACE_LOG) !== 0) writeLine(span)
  }

  /** The client has ended with this operation under way: its span ends with the client's error. */
  lost(operation: Traced, reason: Error): void {
    const { span } = operation
    if (span === null) return
    operation.span = null
    span.error = reason
    span.finish(undefined)
  }
}
