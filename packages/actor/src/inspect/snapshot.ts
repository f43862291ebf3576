/**
 * What goes over the socket of `uring-actor top`. The peer sends the line REQUEST, the actor answers
 * with one line of JSON: a Snapshot, or a Refusal, after which it closes.
 */

/** The only request that there is. */
export const REQUEST = 'stats'
export const FORMAT = 'uring-actor-inspect'
export const FORMAT_VERSION = 1

/** What operations came to in an interval. Times are in microseconds. */
export interface IntervalFigures {
  readonly operations: number
  readonly errors: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Of their total times, from the call to the delivery; null when none was traced. */
  readonly p50Micros: number | null
  readonly p99Micros: number | null
  /** Sums over the operations: what our code spent on them, and the rest of their total times. */
  readonly busyMicros: number
  readonly idleMicros: number
  /** Operations that were under way, on average, by their total times; null when none was traced. */
  readonly meanInFlight: number | null
  /** Operations that the actor took at a time, on average; null when it took none. */
  readonly meanBatch: number | null
}

/** What operations came to in all, and in the interval. */
export interface Figures {
  readonly operations: number
  readonly errors: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Taken and not completed at this moment. */
  readonly inFlight: number
  readonly interval: IntervalFigures
}

/** One connected client, since it connected. */
export interface ClientFigures extends Figures {
  /** The process's clients are counted from 1 on. */
  readonly id: number
  readonly threadId: number
  readonly connectedMicros: number
}

/** All that one answer tells. */
export interface Snapshot {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly pid: number
  /** 'io_uring' or 'threadpool'. */
  readonly engine: string
  /** The level of tracing; at 'off' there are no times. */
  readonly trace: string
  /** Since the actor started. */
  readonly uptimeMicros: number
  /** Since the peer's last request; since the actor started, at its first one. */
  readonly intervalMicros: number
  /** This is the answer to the peer's first request. */
  readonly first: boolean
  /** The actor's thread in the interval. */
  readonly actor: {
    readonly busyMicros: number
    readonly idleMicros: number
    /** io_uring_enter calls, those of them that submitted requests, and the requests. */
    readonly enters: number
    readonly submissions: number
    readonly submitted: number
  }
  /** All clients, those included that have left. */
  readonly all: Figures
  readonly clients: readonly ClientFigures[]
}

/** Why there is no snapshot. */
export interface Refusal {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly refused: string
}

/** The snapshot or refusal that a line holds; null when it is not of this protocol. */
export function readAnswer(line: string): Snapshot | Refusal | null {
  let answer: unknown
  try {
    answer = JSON.parse(line)
  } catch {
    return null
  }
  if (!isObject(answer) || answer.format !== FORMAT || answer.version !== FORMAT_VERSION)
    return null
  if (typeof answer.refused === 'string') return answer as unknown as Refusal
  return isSnapshot(answer) ? (answer as unknown as Snapshot) : null
}

function isSnapshot(answer: Record<string, unknown>): boolean {
  const { engine, trace, first, actor, all, clients } = answer
  return (
    areNumbers(answer, ['pid', 'uptimeMicros', 'intervalMicros']) &&
    isWord(engine) &&
    isWord(trace) &&
    typeof first === 'boolean' &&
    isObject(actor) &&
    areNumbers(actor, ['busyMicros', 'idleMicros', 'enters', 'submissions', 'submitted']) &&
    areFigures(all) &&
    Array.isArray(clients) &&
    clients.every((client) => areFigures(client) && areNumbers(client, CLIENT_NUMBERS))
  )
}

const CLIENT_NUMBERS = ['id', 'threadId', 'connectedMicros'] as const
const COUNTS = ['operations', 'errors', 'bytesRead', 'bytesWritten'] as const

function areFigures(value: unknown): value is Record<string, unknown> {
  if (!isObject(value) || !areNumbers(value, [...COUNTS, 'inFlight'])) return false
  const { interval } = value
  return (
    isObject(interval) &&
    areNumbers(interval, [...COUNTS, 'busyMicros', 'idleMicros']) &&
    ['p50Micros', 'p99Micros', 'meanInFlight', 'meanBatch'].every(
      (name) => interval[name] === null || isNumber(interval[name]),
    )
  )
}

function areNumbers(value: Record<string, unknown>, names: readonly string[]): boolean {
  return names.every((name) => isNumber(value[name]))
}

function isNumber(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0
}

/** What may be printed on a terminal as it is. */
function isWord(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{1,20}$/.test(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
