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
import { type Described, describe, type Places } from './description.ts'
import { writeLine } from './log.ts'
import { Recorder } from './recorder.ts'
import { SlowReports } from './slow.ts'
import { beginSpan, endSpan, hasSubscribers, type OpenSpan, Sampler } from './spans.ts'
import type { Traced } from './traced.ts'
import type { SlowOperation } from './types.ts'

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
    if (operation.postedAt === 0) operation.postedAt = nowMicros()
    if (this.publishes && operation.kind !== OPERATION_DETACH && this.#sampler.next()) {
      operation.span = this.#begin(operation, blocking)
    }
  }

  #begin(operation: Traced, blocking: boolean): OpenSpan {
    return beginSpan({
      ...this.#describe(operation),
      result: undefined,
      error: undefined,
      blocking,
      stages: undefined,
    })
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

  #end(open: OpenSpan, operation: Traced, res: number): void {
    const { span } = open
    if (res >= 0) span.result = res
    else span.error = this.#places.errorOf(res, OPERATION_NAMES[operation.kind], span.file)
    endSpan(open, this.recorder.stages())
    if ((this.#header[HEADER_TRACE] & TRACE_LOG) !== 0) writeLine(span)
  }

  /** The client has ended with this operation under way: its span ends with the client's error. */
  lost(operation: Traced, reason: Error): void {
    if (operation.span === null) return
    operation.span.span.error = reason
    endSpan(operation.span, undefined)
    operation.span = null
  }
}
