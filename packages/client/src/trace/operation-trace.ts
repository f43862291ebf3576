import {
  COMPLETION_COMPLETED_F64,
  COMPLETION_TAKEN_F64,
  epochMillis,
  HEADER_SLOW,
  HEADER_TRACE,
  METRIC_TOTAL,
  nowMicros,
  OPERATION_DETACH,
  OPERATION_NAMES,
  OPERATION_OPEN,
  RECORD_CACHED,
  storeMicros,
  TRACE_LEVEL,
  TRACE_LOG,
  TRACE_RECORD,
  TRACE_SPAN,
} from '../protocol/index.ts'
import { describe, isTransfer, type Places } from './description.ts'
import { writeLine } from './log.ts'
import { type HandOn, OperationRows } from './operation-rows.ts'
import { PostClock } from './post-clock.ts'
import { isRecorded, Recorder } from './recorder.ts'
import { SlowReports } from './slow.ts'
import { hasSubscribers, inThisContext, Sampler, Span } from './spans.ts'
import type { Completions, PostedOperations, Traced } from './traced.ts'
import type { OperationFacts, SlowOperation } from './types.ts'

/**
 * All that a client's transport tells of its operations while they live. Which level is in force
 * stands in the actor's header; it is read at each operation, so a change is in force at once.
 */
export class OperationTrace {
  readonly recorder: Recorder = new Recorder()
  /** When each operation was called, by its slot: see PostClock. */
  readonly posted: Float64Array
  /** What is recorded for a trace file. */
  readonly rows: OperationRows
  readonly #header: Int32Array
  readonly #places: Places
  readonly #sampler: Sampler
  readonly #slow: SlowReports
  readonly #clock: PostClock
  /** Spans that were begun and not ended: they are ended at any level. */
  #openSpans = 0
  /** Those that have ended, and are to be published when it disturbs nobody. */
  #ended: Span[] = []
  /** The time is taken that the posting takes which is under way. */
  timing = false
  /** A batch is delivered that is recorded, and what the header says meanwhile. */
  #delivers = false
  #records = false
  #slowMicros = 0

  constructor(
    header: Int32Array,
    capacity: number,
    places: Places,
    report: (slow: SlowOperation) => void,
    hand: HandOn,
  ) {
    // One more, for what this thread reads itself.
    this.#clock = new PostClock(capacity + 1)
    this.posted = this.#clock.posted
    this.rows = new OperationRows(this.recorder, this.posted, places, hand)
    this.#header = header
    this.#places = places
    this.#sampler = new Sampler(header)
    this.#slow = new SlowReports(report)
  }

  /** Now, in microseconds; 0 where nothing is traced, and no clock read. */
  now(): number {
    return this.#header[HEADER_TRACE] === 0 ? 0 : nowMicros()
  }

  /**
   * So many completions are about to be settled. True where each of them is to be told of by `completed`;
   * where nobody hears of a single one they are recorded here. What has a span is told of at any level.
   */
  delivering(count: number, completions: Completions, operations: PostedOperations): boolean {
    const word = this.#header[HEADER_TRACE]
    this.#delivers = word !== 0 || this.#openSpans > 0
    if (!this.#delivers) return false
    this.#records = (word & TRACE_RECORD) !== 0
    this.#slowMicros = this.#header[HEADER_SLOW]
    storeMicros(this.recorder.now, 0)
    if (this.#records || this.#slowMicros > 0 || this.#openSpans > 0) return true
    this.recorder.recordAll(count, completions, operations, this.posted)
    return false
  }

  /** So many were settled: the spans that have ended are published. */
  delivered(count: number): void {
    if (this.#delivers) this.recorder.delivered(count)
    else this.recorder.flush()
    this.#publishEnded()
  }

  /** True when operations are to have spans that somebody sees. */
  get publishes(): boolean {
    return isPublished(this.#header[HEADER_TRACE])
  }

  /** What enters later enters when another lets it: its spans are to have the caller's context. */
  inContext(enter: () => boolean): () => boolean {
    return this.publishes ? inThisContext(enter) : enter
  }

  /** An operation is claimed: its posting begins. */
  claimed(): void {
    if (!this.#clock.samples || this.#header[HEADER_TRACE] === 0) return
    this.#clock.samples = false
    this.timing = true
    this.recorder.posting()
  }

  /** It is posted. */
  timed(): void {
    this.timing = false
    this.recorder.posted()
  }

  /** It has waited since a time in microseconds, or 0. */
  calledAt(operation: Traced, micros: number): void {
    this.posted[operation.slot] = micros
    operation.called = micros !== 0
  }

  /** Its request is about to be written. */
  posting(operation: Traced, blocking: boolean): void {
    const word = this.#header[HEADER_TRACE]
    if (word === 0) {
      this.posted[operation.slot] = 0
      return
    }
    if (!operation.called) this.#clock.stamp(operation.slot)
    if (operation.kind === OPERATION_OPEN) {
      operation.path = this.#places.openedPath(operation.addrLow, operation.len)
    }
    if (isPublished(word)) this.#perhapsBegin(operation, blocking)
  }

  #perhapsBegin(operation: Traced, blocking: boolean): void {
    if (operation.kind === OPERATION_DETACH || !this.#sampler.next()) return
    operation.span = new Span(operation, this.posted[operation.slot], this.#places, blocking)
    this.#openSpans++
  }

  /** The turn is over, and what was posted in it is handed over. */
  turnEnded(): void {
    this.#clock.turnEnded()
  }

  #describe(operation: Traced): OperationFacts {
    return describe(operation, this.#places, epochMillis(this.posted[operation.slot]))
  }

  /** Its completion is here, whose times stand at `at` of `times`, and will be settled next. */
  completed(operation: Traced, res: number, flags: number, times: Float64Array, at: number): void {
    const { recorder, posted } = this
    const { kind, slot } = operation
    if (!isRecorded(kind, posted, slot)) return
    recorder.record(kind, posted, slot, times, at)
    if (this.#records) this.rows.record(operation, res, flags, times, at)
    if (this.#slowMicros > 0 && recorder.last[METRIC_TOTAL] >= this.#slowMicros) {
      this.#slow.tell(this.#describe(operation), res, recorder.stages(), recorder.now[0])
    }
    if (operation.span !== null) this.#end(operation.span, operation, res)
  }

  /** This thread has read something itself, and its caller is there. */
  ownRead(read: Traced & { readonly times: Float64Array }, blocking: boolean): void {
    this.posted[read.slot] = read.times[COMPLETION_TAKEN_F64]
    if (this.publishes) this.#perhapsBegin(read, blocking)
  }

  /** The caller hears of it: at once, or `later` than it was read. */
  ownDelivered(read: Traced & { readonly times: Float64Array }, res: number, later: boolean): void {
    const word = this.#header[HEADER_TRACE]
    const { recorder } = this
    const { times } = read
    this.posted[read.slot] = times[COMPLETION_TAKEN_F64]
    this.#records = (word & TRACE_RECORD) !== 0
    this.#slowMicros = this.#header[HEADER_SLOW]
    if (later) storeMicros(recorder.now, 0)
    else recorder.now[0] = times[COMPLETION_COMPLETED_F64]
    this.completed(read, res, RECORD_CACHED, times, 0)
    recorder.flush()
    read.span = null
    this.#publishEnded()
  }

  #end(span: Span, operation: Traced, res: number): void {
    this.#openSpans--
    if (res >= 0) span.result = isTransfer(operation.kind) ? res : 0
    else span.error = this.#places.errorOf(res, OPERATION_NAMES[operation.kind], span.file)
    span.stages = this.recorder.stages()
    this.#ended.push(span)
  }

  /** Publishes the spans that have ended. A subscriber may wait for operations that end meanwhile. */
  #publishEnded(): void {
    if (this.#ended.length === 0) return
    const ended = this.#ended
    this.#ended = []
    for (const span of ended) {
      span.finish()
      if ((this.#header[HEADER_TRACE] & TRACE_LOG) !== 0) writeLine(span)
    }
  }

  /** The client has ended with this operation under way: its span ends with the client's error. */
  lost(operation: Traced, reason: Error): void {
    const { span } = operation
    if (span === null) return
    operation.span = null
    this.#openSpans--
    span.error = reason
    span.finish()
  }
}

/** The header's word asks for spans, and somebody sees them. */
function isPublished(word: number): boolean {
  return (word & TRACE_LEVEL) === TRACE_SPAN && ((word & TRACE_LOG) !== 0 || hasSubscribers())
}
