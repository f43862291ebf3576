// The spans of a thread's operations as they are published, and what must be true of each.
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { type OperationSpan, type Stages, TRACING_CHANNEL } from '@uring-actor/client'

/** What a number of microseconds since the machine's start is rounded to, many times over. */
const RESOLUTION = 0.01

/** Keeps the spans that end in this thread, in that order, until it is disposed of. */
export class SpanLog {
  readonly spans: OperationSpan[] = []
  readonly #channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
  readonly #ended = (span: OperationSpan): void => {
    if (span.stages !== undefined) this.spans.push(span)
  }

  constructor() {
    // A blocking call has no asynchronous part; the `end` of others comes before they complete.
    this.#channel.end.subscribe(this.#ended as () => void)
    this.#channel.asyncEnd.subscribe(this.#ended as () => void)
  }

  /** The last span of an operation. Throws when there is none. */
  last(operation: string): OperationSpan {
    const found = this.spans.findLast((span) => span.operation === operation)
    assert.ok(found !== undefined, `a span of ${operation}`)
    return found
  }

  [Symbol.dispose](): void {
    this.#channel.end.unsubscribe(this.#ended as () => void)
    this.#channel.asyncEnd.unsubscribe(this.#ended as () => void)
  }
}

/** The stages are not negative, and sum to the total; so do busy and idle. */
export function assertSound(stages: Stages): void {
  for (const [name, micros] of Object.entries(stages)) {
    assert.ok(Number.isFinite(micros) && micros >= 0, `${name} is ${micros}`)
  }
  const { total, busy, idle, queue, batch, kernel, delivery } = stages
  const sum = queue + batch + kernel + delivery
  assert.ok(Math.abs(sum - total) <= RESOLUTION, `the stages sum to ${sum}, not ${total}`)
  assert.ok(Math.abs(busy + idle - total) <= RESOLUTION, `${busy} + ${idle} is not ${total}`)
}
