import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  type Attributes,
  context,
  type HrTime,
  type Meter,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api'
import { type OperationSpan, type Stages, TRACING_CHANNEL } from '@uring-actor/client'
import { codeOf } from '@uring-actor/client/internal'
import { ERROR_TYPE, FILE_PATH, OPERATION, THREAD_ID } from './names.ts'

const STARTED = `tracing:${TRACING_CHANNEL}:start`
const RETURNED = `tracing:${TRACING_CHANNEL}:end`
const DELIVERED = `tracing:${TRACING_CHANNEL}:asyncEnd`

/** In seconds, as OpenTelemetry wants durations; its own defaults begin where we mostly end. */
const BOUNDARIES = [
  2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
  1, 2, 5, 10,
]

/**
 * Makes a span of each operation that is published in this thread, and keeps their durations.
 * Returns what stops it.
 */
export function recordSpans(tracer: Tracer, meter: Meter): () => void {
  const durations = meter.createHistogram('uring_actor.operation.duration', {
    unit: 's',
    description: 'From the call of an operation to the delivery of its result.',
    advice: { explicitBucketBoundaries: BOUNDARIES },
  })
  const open = new Map<OperationSpan, Span>()
  let stopped = false

  const begin = (message: unknown): void => {
    const operation = message as OperationSpan
    const options = {
      kind: SpanKind.INTERNAL,
      startTime: hrTime(operation.startTime),
      attributes: attributesOf(operation),
    }
    // The event is published within the call: the context is the caller's.
    const span = tracer.startSpan(`uring.${operation.operation}`, options, context.active())
    open.set(operation, span)
  }

  const finish = (operation: OperationSpan): void => {
    const span = open.get(operation)
    if (span === undefined) return
    open.delete(operation)
    const micros = operation.stages?.total ?? microsSince(operation.startTime)
    finishSpan(span, operation, micros)
    const attributes: Attributes = { [OPERATION]: operation.operation }
    if (operation.error) attributes[ERROR_TYPE] = codeOf(operation.error)
    durations.record(micros / 1e6, attributes)
    if (stopped && open.size === 0) leave()
  }

  const returned = (message: unknown): void => {
    const operation = message as OperationSpan
    // What fails before it could be posted has failed when the call returns, and nothing follows.
    if (operation.blocking || operation.error) finish(operation)
  }
  const delivered = (message: unknown): void => finish(message as OperationSpan)

  const leave = (): void => {
    unsubscribe(RETURNED, returned)
    unsubscribe(DELIVERED, delivered)
  }

  subscribe(STARTED, begin)
  subscribe(RETURNED, returned)
  subscribe(DELIVERED, delivered)
  return () => {
    unsubscribe(STARTED, begin)
    stopped = true
    if (open.size === 0) leave()
  }
}

/** What is known of an operation when it starts, for samplers too. */
function attributesOf(operation: OperationSpan): Attributes {
  const { file, position, length } = operation
  const attributes: Attributes = {
    [OPERATION]: operation.operation,
    [THREAD_ID]: operation.threadId,
    'uring_actor.blocking': operation.blocking,
  }
  if (file !== undefined) attributes[FILE_PATH] = file
  // The file's own position, null, has no number.
  if (typeof position === 'number') attributes['uring_actor.position'] = position
  if (length !== undefined) attributes['uring_actor.length'] = length
  return attributes
}

function finishSpan(span: Span, operation: OperationSpan, micros: number): void {
  const end = hrTime(operation.startTime, micros)
  if (span.isRecording()) {
    const { result, error, stages } = operation
    if (stages !== undefined) span.setAttributes(stageAttributes(stages))
    if (error !== undefined) {
      span.recordException(error, end)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
      span.setAttribute(ERROR_TYPE, codeOf(error))
    } else if (result !== undefined) span.setAttribute('uring_actor.result', result)
  }
  span.end(end)
}

/** In microseconds. The total is the span's duration. */
function stageAttributes(stages: Stages): Attributes {
  return {
    'uring_actor.busy_micros': stages.busy,
    'uring_actor.idle_micros': stages.idle,
    'uring_actor.queue_micros': stages.queue,
    'uring_actor.batch_micros': stages.batch,
    'uring_actor.kernel_micros': stages.kernel,
    'uring_actor.delivery_micros': stages.delivery,
  }
}

/**
 * So many microseconds after a moment in milliseconds since the epoch. As seconds and nanoseconds:
 * one number for both has no room for more than a quarter of a microsecond.
 */
function hrTime(epochMillis: number, micros: number = 0): HrTime {
  const seconds = Math.floor(epochMillis / 1000)
  const nanos = Math.round((epochMillis - seconds * 1000) * 1e6) + Math.round(micros * 1000)
  return [seconds + Math.floor(nanos / 1e9), nanos % 1e9]
}

/** For an operation that was never posted, and so has no times of its own. */
function microsSince(epochMillis: number): number {
  return Math.max(0, performance.timeOrigin + performance.now() - epochMillis) * 1000
}
