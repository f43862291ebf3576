import { inspect } from 'node:util'
import type { MeterProvider, TracerProvider } from '@opentelemetry/api'
import type { Client } from '@uring-actor/client'
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
    throw invalidType('options', 'argument must be of type object', options)
  }
  for (const name of Object.keys(options)) {
    if (!KNOWN.includes(name)) {
      throw coded(
        `"options.${name}" is no option of instrument(). There are: ${KNOWN.join(', ')}`,
        'ERR_INVALID_ARG_VALUE',
      )
    }
  }
  const { spans, metricsFrom, tracerProvider, meterProvider } = options
  if (spans !== undefined && typeof spans !== 'boolean') {
    throw invalidType('options.spans', 'property must be of type boolean', spans)
  }
  requireMethod('metricsFrom', 'stats', 'an Actor or a Client', metricsFrom)
  requireMethod('tracerProvider', 'getTracer', 'a TracerProvider', tracerProvider)
  requireMethod('meterProvider', 'getMeter', 'a MeterProvider', meterProvider)
}

function requireMethod(name: string, method: string, expected: string, value: unknown): void {
  if (value === undefined) return
  const found = (value as Record<string, unknown> | null)?.[method]
  if (typeof found === 'function') return
  throw invalidType(`options.${name}`, `property must be ${expected}`, value)
}

function invalidType(name: string, expected: string, value: unknown): TypeError {
  const received = inspect(value, { depth: -1 })
  return coded(`The "${name}" ${expected}. Received ${received}`, 'ERR_INVALID_ARG_TYPE')
}

function coded(message: string, code: string): TypeError {
  return Object.assign(new TypeError(message), { code })
}
