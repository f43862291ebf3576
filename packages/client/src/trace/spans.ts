import { AsyncResource } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { epochMillis, OPERATION_NAMES } from '../protocol/index.ts'
import { fileOf, lengthOf, type Places, positionOf } from './description.ts'
import { shareOf } from './levels.ts'
import type { Traced } from './traced.ts'
import { type OperationSpan, type Stages, TRACING_CHANNEL } from './types.ts'

const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
const { start, end, asyncStart, asyncEnd, error } = channel

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
    const share = shareOf(this.#header)
    if (share === 1) return true
    this.#due += share
    if (this.#due < 1) return false
    this.#due -= 1
    return true
  }
}

/** A span from its beginning to its end; it holds the caller's context, which all is published in. */
export class Span implements OperationSpan {
  readonly operation: string
  readonly threadId: number
  readonly file: string | undefined
  readonly position: number | null | undefined
  readonly length: number | undefined
  readonly startTime: number
  result: number | undefined = undefined
  error: Error | undefined = undefined
  readonly blocking: boolean
  stages: Stages | undefined = undefined
  readonly #context: AsyncResource

  /** Publishes `start` and `end`, as the conventions have it around a call that goes on later. */
  constructor(traced: Traced, posted: number, places: Places, blocking: boolean) {
    this.operation = OPERATION_NAMES[traced.kind]
    this.threadId = places.threadId
    this.file = fileOf(traced, places)
    this.position = positionOf(traced)
    this.length = lengthOf(traced)
    this.startTime = epochMillis(posted)
    this.blocking = blocking
    this.#context = start.hasSubscribers
      ? (start.runStores(this, newContext) as AsyncResource)
      : newContext()
    if (!blocking && end.hasSubscribers) this.#context.runInAsyncScope(publishCalled, this)
  }

  /** Publishes the rest. */
  finish(): void {
    this.#context.runInAsyncScope(publishEnd, this)
  }
}

function newContext(): AsyncResource {
  return new AsyncResource('URING_OPERATION')
}

/** Runs `enter` later as if here. AsyncResource.bind() would take as long as a dozen operations. */
export function inThisContext(enter: () => boolean): () => boolean {
  const context = newContext()
  return () => context.runInAsyncScope(enter)
}

function publishCalled(this: OperationSpan): void {
  end.publish(this)
}

/** Called as a method of the span, for an array would have to be made of an argument. */
function publishEnd(this: OperationSpan): void {
  if (this.error !== undefined) error.publish(this)
  if (this.blocking) {
    end.publish(this)
    return
  }
  asyncStart.publish(this)
  asyncEnd.publish(this)
}
