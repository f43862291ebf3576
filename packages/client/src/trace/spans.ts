import { AsyncResource } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { shareOf } from './levels.ts'
import { type OperationSpan, type Stages, TRACING_CHANNEL } from './types.ts'

const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
const { start, end, asyncStart, asyncEnd, error } = channel

/** A span that was begun, and the caller's context, which its end is published in. */
export interface OpenSpan {
  readonly span: OperationSpan
  readonly context: AsyncResource
}

/** Somebody listens in this thread. */
export function hasSubscribers(): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    error.hasSubscribers
  )
}

/** Says of which operations there is to be a span: evenly spread, not drawn. */
export class Sampler {
  readonly #header: Int32Array
  #due = 0

  constructor(header: Int32Array) {
    this.#header = header
  }

  /** True for the share of calls that the header asks for. */
  next(): boolean {
    this.#due += shareOf(this.#header)
    if (this.#due < 1) return false
    this.#due -= 1
    return true
  }
}

/** Publishes `start` and `end`, as the conventions have it around a call that goes on later. */
export function beginSpan(span: OperationSpan): OpenSpan {
  const context = start.runStores(span, newContext) as AsyncResource
  if (!span.blocking) end.publish(span)
  return { span, context }
}

function newContext(): AsyncResource {
  return new AsyncResource('URING_OPERATION')
}

/** Publishes the rest, in the caller's context. */
export function endSpan({ span, context }: OpenSpan, stages: Stages | undefined): void {
  span.stages = stages
  context.runInAsyncScope(publishEnd, undefined, span)
}

function publishEnd(span: OperationSpan): void {
  if (span.error !== undefined) error.publish(span)
  if (span.blocking) {
    end.publish(span)
    return
  }
  asyncStart.publish(span)
  asyncEnd.publish(span)
}
