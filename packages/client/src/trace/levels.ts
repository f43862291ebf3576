import { invalidType, invalidValue, outOfRange, refuseUnknown } from '../errors/index.ts'
import {
  HEADER_SAMPLE,
  HEADER_TRACE,
  TRACE_LEVEL,
  TRACE_LOG,
  TRACE_RECORD,
  TRACE_SPAN,
} from '../protocol/index.ts'
import type { TraceLevel, TraceOptions } from './types.ts'

/** By the level's number. */
const LEVELS: readonly TraceLevel[] = ['off', 'histogram', 'span']
const KNOWN: readonly string[] = ['level', 'sample', 'log']
const ALL = 0x7fffffff

/** The header's words for what is to be traced. */
export interface TraceWords {
  readonly trace: number
  readonly sample: number
}

/** Checks a level or options; throws Node's argument errors. `name` is the argument's. */
export function traceWords(value: TraceLevel | TraceOptions, name: string): TraceWords {
  const given = typeof value === 'string' ? { level: value } : value
  if (typeof given !== 'object' || given === null) {
    throw invalidType(name, 'a level or an object', value)
  }
  refuseUnknown(given, name, 'tracing', KNOWN)
  const { level, sample = 1, log = false } = given as TraceOptions
  const number = LEVELS.indexOf(level)
  if (number < 0) throw invalidValue(`${name}.level`, `must be one of: ${LEVELS.join(', ')}`, level)
  if (typeof sample !== 'number') throw invalidType(`${name}.sample`, 'of type number', sample)
  if (!(sample > 0 && sample <= 1)) throw outOfRange(`${name}.sample`, '> 0 && <= 1', sample)
  if (typeof log !== 'boolean') throw invalidType(`${name}.log`, 'of type boolean', log)
  if (log && number !== TRACE_SPAN) {
    throw invalidValue(`${name}.log`, "needs the level 'span'", log)
  }
  return {
    trace: number | (log ? TRACE_LOG : 0),
    sample: sample === 1 ? 0 : Math.max(1, Math.round(sample * ALL)),
  }
}

/** Has every thread trace so from now on. A recording that is under way goes on. */
export function storeTrace(header: Int32Array, { trace, sample }: TraceWords): void {
  Atomics.store(header, HEADER_SAMPLE, sample)
  for (;;) {
    const before = Atomics.load(header, HEADER_TRACE)
    const after = trace | (before & TRACE_RECORD)
    if (Atomics.compareExchange(header, HEADER_TRACE, before, after) === before) return
  }
}

/** The level that is in force. */
export function levelOf(header: Int32Array): TraceLevel {
  return LEVELS[Atomics.load(header, HEADER_TRACE) & TRACE_LEVEL] ?? 'off'
}

/** Share of operations that get a span, 0 < share <= 1. */
export function shareOf(header: Int32Array): number {
  const sample = header[HEADER_SAMPLE]
  return sample > 0 ? sample / ALL : 1
}
