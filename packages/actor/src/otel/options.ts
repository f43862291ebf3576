import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { Client } from '@uring-actor/client'
import { invalidType, refuseUnknown } from '@uring-actor/client/internal'
import type { Actor } from '../spawn/actor.ts'

/** What `instrument()` is to make spans and metrics of. */
export interface InstrumentOptions {
  /**
   * Whether this thread's operations become spans and a histogram of their durations. Default true.
   * They do while the actor's trace level is 'span'.
   */
  spans?: boolean
  /**
   * Whose statistics become metrics, each time that metrics are collected: the actor, or a client
   * of this thread. Both give those of the whole process, so one thread of it is enough. Default:
   * none.
   */
  metricsFrom?: Actor | Client
  /** Default: the one that is registered with @opentelemetry/api, also later. */
  tracerProvider?: TracerProvider
  /** Default: the one that is registered with @opentelemetry/api by now. */
  meterProvider?: MeterProvider
}

const KNOWN: readonly string[] = ['spans', 'metricsFrom', 'tracerProvider', 'meterProvider']

/** Checks every option; throws Node's argument errors. */
export function checkOptions(options: InstrumentOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw invalidType('options', 'of type object', options)
  }
  refuseUnknown(options, 'options', 'instrument()', KNOWN)
  const { spans, metricsFrom, tracerProvider, meterProvider } = options
  if (spans !== undefined && typeof spans !== 'boolean') {
    throw invalidType('options.spans', 'of type boolean', spans)
  }
  requireMethod('metricsFrom', 'stats', 'an Actor or a Client', metricsFrom)
  requireMethod('tracerProvider', 'getTracer', 'a TracerProvider', tracerProvider)
  requireMethod('meterProvider', 'getMeter', 'a MeterProvider', meterProvider)
}

function requireMethod(name: string, method: string, expected: string, value: unknown): void {
  if (value === undefined) return
  const found = (value as Record<string, unknown> | null)?.[method]
  if (typeof found === 'function') return
  throw invalidType(`options.${name}`, expected, value)
}
