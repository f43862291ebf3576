import type { TraceLevel, TraceOptions } from '@uring-actor/client'
import {
  invalidType,
  invalidValue,
  outOfRange,
  refuseUnknown,
  type TraceWords,
  traceWords,
} from '@uring-actor/client/internal'
import {
  ARENA_BYTES_MAX,
  ARENA_BYTES_MIN,
  CHANNEL_DEPTH_MAX,
  CHANNEL_DEPTH_MIN,
  MAX_CLIENTS_LIMIT,
} from '@uring-actor/client/protocol'
import { type InspectPlace, inspectPlace } from '../inspect/place.ts'

/** What carries operations out. */
type EngineName = 'auto' | 'io_uring' | 'threadpool'

/** How to run the actor. All sizes are rounded up to a power of two. */
export interface ActorOptions {
  /** Operations in flight in the kernel, of all clients together. Default 1024. */
  queueDepth?: number
  /** Clients connected at once. Default 64. */
  maxClients?: number
  /** Operations that one client may have outstanding. Default 1024. */
  channelDepth?: number
  /** Bytes of memory for each client's I/O; used memory counts, not reserved. Default 64 MiB. */
  arenaBytes?: number
  /** Files open at once. Default 4096, or RLIMIT_NOFILE where that is less. */
  maxFiles?: number
  /**
   * 'auto', the default, takes io_uring where it can be had, else the thread pool. URING_ACTOR_ENGINE
   * goes before this.
   */
  engine?: EngineName
  /**
   * Clients that have little else under way read what is in the page cache on their own thread, without
   * the actor. Default true.
   */
  cachedReads?: boolean
  /**
   * The actor makes writes that only go to the page cache itself, where the ring would hand each to a kernel
   * worker (ext4, tmpfs), as long as they do not wait for anything. Default true.
   */
  cachedWrites?: boolean
  /**
   * Longest look for completions before a client's thread sleeps, or the actor with few operations in flight,
   * in microseconds; the actor looks for new work a third as long. Default 300; 0: never.
   */
  spinMicros?: number
  /**
   * What is traced: 'off', 'histogram' (the default), 'span', or TraceOptions. URING_ACTOR_TRACE (off,
   * histogram, span, log) goes before this.
   */
  trace?: TraceLevel | TraceOptions
  /**
   * Milliseconds, whole or not, from which an operation is slow: the actor then emits
   * 'slowOperation'. Default: never. It takes a trace level other than 'off'.
   */
  slowOperationMs?: number
  /**
   * Opens a socket for `uring-actor top`, which only the user can connect to that the process runs as;
   * a string is its path. URING_ACTOR_INSPECT (1, 0 or a path) goes before this. Default false.
   */
  inspect?: boolean | string
}

export interface ResolvedOptions {
  readonly queueDepth: number
  readonly maxClients: number
  readonly channelDepth: number
  readonly arenaBytes: number
  readonly maxFiles: number
  readonly engine: EngineName
  readonly cachedReads: boolean
  readonly cachedWrites: boolean
  readonly spinMicros: number
  /** Where the socket is to be; null: nowhere. */
  readonly inspect: InspectPlace | null
}

/** What goes into the header. */
export interface TraceSetting extends TraceWords {
  /** Microseconds; 0: no operation is slow. */
  readonly slowMicros: number
}

const ENGINES: readonly string[] = ['auto', 'io_uring', 'threadpool']
const KNOWN: readonly string[] = [
  'queueDepth',
  'maxClients',
  'channelDepth',
  'arenaBytes',
  'maxFiles',
  'engine',
  'cachedReads',
  'cachedWrites',
  'spinMicros',
  'trace',
  'slowOperationMs',
  'inspect',
]

/** Checks every option; throws Node's argument errors. */
export function resolveOptions(options: ActorOptions | undefined): ResolvedOptions {
  const given = options ?? {}
  if (typeof given !== 'object') throw invalidType('options', 'of type object', options)
  refuseUnknown(given, 'options', 'spawnActor()', KNOWN)
  return {
    queueDepth: powerOfTwo(size(given.queueDepth, 'queueDepth', 1024, 1, 16384)),
    maxClients: size(given.maxClients, 'maxClients', 64, 1, MAX_CLIENTS_LIMIT),
    channelDepth: powerOfTwo(
      size(given.channelDepth, 'channelDepth', 1024, CHANNEL_DEPTH_MIN, CHANNEL_DEPTH_MAX),
    ),
    arenaBytes: powerOfTwo(
      size(given.arenaBytes, 'arenaBytes', 64 * 1024 * 1024, ARENA_BYTES_MIN, ARENA_BYTES_MAX),
    ),
    maxFiles: size(given.maxFiles, 'maxFiles', 4096, 1, 32767),
    engine: engineOf(given.engine),
    cachedReads: flag(given.cachedReads, 'cachedReads', true),
    cachedWrites: flag(given.cachedWrites, 'cachedWrites', true),
    spinMicros: size(given.spinMicros, 'spinMicros', 300, 0, 10_000),
    inspect: inspectPlace(given.inspect),
  }
}

/** The longest that the header's word can say, in milliseconds: 35 minutes. */
const SLOW_MILLIS_MAX = 2_147_483

/** What URING_ACTOR_TRACE may say. */
const TRACES: Readonly<Record<string, TraceLevel | TraceOptions>> = {
  off: 'off',
  histogram: 'histogram',
  span: 'span',
  log: { level: 'span', log: true },
}

/** Checks what is to be traced; throws Node's argument errors. */
export function resolveTrace(options: ActorOptions | undefined): TraceSetting {
  const { trace = 'histogram', slowOperationMs } = options ?? {}
  const asked = traceWords(trace, 'options.trace')
  const forced = process.env.URING_ACTOR_TRACE
  const words = forced === undefined || forced === '' ? asked : forcedTrace(forced)
  return { ...words, slowMicros: slowOf(slowOperationMs) }
}

function forcedTrace(value: string): TraceWords {
  const name = 'URING_ACTOR_TRACE'
  if (Object.hasOwn(TRACES, value)) return traceWords(TRACES[value], name)
  throw invalidValue(name, `must be one of: ${Object.keys(TRACES).join(', ')}`, value)
}

function slowOf(value: unknown): number {
  if (value === undefined) return 0
  const name = 'options.slowOperationMs'
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value)
  if (!(value > 0 && value <= SLOW_MILLIS_MAX)) {
    throw outOfRange(name, `> 0 && <= ${SLOW_MILLIS_MAX}`, value)
  }
  return Math.max(1, Math.round(value * 1000))
}

/** The environment goes before the option, which is checked nevertheless. */
function engineOf(value: unknown): EngineName {
  const asked = checkedEngine(value ?? 'auto', 'options.engine')
  const forced = process.env.URING_ACTOR_ENGINE
  return forced === undefined || forced === '' ? asked : checkedEngine(forced, 'URING_ACTOR_ENGINE')
}

function checkedEngine(engine: unknown, name: string): EngineName {
  if (typeof engine !== 'string') throw invalidType(name, 'of type string', engine)
  if (!ENGINES.includes(engine)) {
    throw invalidValue(name, `must be one of: ${ENGINES.join(', ')}`, engine)
  }
  return engine as EngineName
}

function flag(value: unknown, name: string, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw invalidType(`options.${name}`, 'of type boolean', value)
  return value
}

function size(value: unknown, name: string, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number') throw invalidType(`options.${name}`, 'of type number', value)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw outOfRange(`options.${name}`, `an integer >= ${min} && <= ${max}`, value)
  }
  return value
}

function powerOfTwo(value: number): number {
  return 2 ** Math.ceil(Math.log2(value))
}
