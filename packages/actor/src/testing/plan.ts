import { constants } from 'node:os'
import type { ActorOptions } from '../spawn/options.ts'

/** A name of errno(3), such as 'ENOSPC'. */
export type ErrnoName = keyof typeof constants.errno

/** The operations that faults can be planned for. 'fsync' is fdatasync too. */
export type FaultOperation =
  | 'nop'
  | 'read'
  | 'write'
  | 'fsync'
  | 'sync_file_range'
  | 'fallocate'
  | 'trim'
  | 'ftruncate'
  | 'open'
  | 'close'
  | 'fstat'
  | 'fchmod'
  | 'fchown'
  | 'futime'

/**
 * What should go wrong, and how. Plain data: it is sent to the actor's thread, and can be kept with
 * a failing test.
 */
export interface FaultPlan {
  /** Every random choice follows from this. Default 0. */
  seed?: number
  /**
   * What carries the operations out: a simulated disk in memory, the default, which can lose its
   * power; or a real engine on real files.
   */
  wrap?: 'memory' | NonNullable<ActorOptions['engine']>
  /** How likely a fault is, for each operation, between 0 and 1. None by default. */
  rates?: FaultRates
  /** What `rates.error` chooses from; by default what the kernel may say to such an operation. */
  errors?: readonly ErrnoName[]
  /** How long an operation takes, in microseconds of virtual time: from, to. Default 0 to 20. */
  delayMicros?: readonly [number, number]
  /** 'auto', the default: time goes on when the actor has nothing to do. 'manual': by `step`. */
  time?: 'auto' | 'manual'
  /** Faults for chosen operations. */
  rules?: readonly FaultRule[]
  /** Room of the simulated disk in bytes; beyond it ENOSPC. Default 256 MiB. */
  diskBytes?: number
  /** Bytes that the simulated disk writes whole or not at all. Default 512. */
  sectorBytes?: number
  /** Requests that one submission holds. Default 256. */
  queueEntries?: number
  /** The history also tells what was begun and completed without a fault. Default false. */
  trace?: boolean
}

export interface FaultRates {
  /** A read or write does only a part; up to three times, then the rest. */
  short?: number
  /** EINTR or EAGAIN, up to three times. */
  interrupt?: number
  /** An error, for reads and writes often after a part of the bytes. Not of a sync. */
  error?: number
  /** A sync fails with EIO, ENOSPC or EDQUOT. */
  sync?: number
  /** Submitting fails with EBUSY: nothing of what was begun is taken. Of each submission. */
  busy?: number
}

/** One chosen fault: which operations it strikes, and what it does to them. */
export interface FaultRule {
  operation?: FaultOperation
  /** What the file's path ends with. */
  path?: string
  /** The number of the operation, as the history counts them. */
  at?: number
  /** Leaves so many that match alone first. Default 0. */
  skip?: number
  /** Strikes so many. Default 1. */
  times?: number

  /** The operation fails with this. */
  errno?: ErrnoName
  /** Fails with `errno` only so many times, and then goes on: for EINTR and EAGAIN. */
  tries?: number
  /** Bytes that a read or write does first. Without `errno` it is short there, then goes on. */
  bytes?: number
  /** Takes so much longer, in microseconds of virtual time. */
  delayMicros?: number
  /** The power is cut as this operation begins: it may be done, in part, or not at all. */
  powerCut?: boolean
}

export interface ResolvedPlan {
  readonly seed: number
  readonly wrap: NonNullable<FaultPlan['wrap']>
  readonly rates: Required<FaultRates>
  readonly errors: readonly number[] | null
  readonly delayLeast: number
  readonly delayMost: number
  readonly manual: boolean
  readonly rules: readonly FaultRule[]
  readonly diskBytes: number
  readonly sectorBytes: number
  readonly queueEntries: number
  readonly trace: boolean
}

const RATES = ['short', 'interrupt', 'error', 'sync', 'busy'] as const
const OPERATIONS: readonly string[] = [
  'nop',
  'read',
  'write',
  'fsync',
  'sync_file_range',
  'fallocate',
  'trim',
  'ftruncate',
  'open',
  'close',
  'fstat',
  'fchmod',
  'fchown',
  'futime',
]

/** The negative errno of a name. Throws ERR_INVALID_ARG_VALUE for one that does not exist. */
export function errnoOf(name: string, where: string): number {
  const known: Record<string, number> = constants.errno
  const errno = known[name]
  if (errno === undefined) throw invalid(where, 'a name of errno(3)', name)
  return -errno
}

/** Checks a plan and fills in what it leaves out. */
export function resolvePlan(plan: FaultPlan): ResolvedPlan {
  const [least, most] = plan.delayMicros ?? [0, 20]
  const rates = { short: 0, interrupt: 0, error: 0, sync: 0, busy: 0 }
  for (const name of RATES) {
    rates[name] = inRange(plan.rates?.[name] ?? 0, `plan.rates.${name}`, 0, 1)
  }
  const time = plan.time ?? 'auto'
  if (time !== 'auto' && time !== 'manual') throw invalid('plan.time', "'auto' or 'manual'", time)
  for (const rule of plan.rules ?? []) checkRule(rule)
  const errors = plan.errors?.map((name) => errnoOf(name, 'plan.errors')) ?? null
  if (errors?.length === 0) throw invalid('plan.errors', 'a list with an errno at least', errors)
  return {
    seed: whole(plan.seed ?? 0, 'plan.seed', 0),
    wrap: plan.wrap ?? 'memory',
    rates,
    errors,
    delayLeast: whole(least, 'plan.delayMicros[0]', 0),
    delayMost: whole(most, 'plan.delayMicros[1]', least),
    manual: time === 'manual',
    rules: plan.rules ?? [],
    diskBytes: whole(plan.diskBytes ?? 2 ** 28, 'plan.diskBytes', 1, 2 ** 31),
    sectorBytes: whole(plan.sectorBytes ?? 512, 'plan.sectorBytes', 1, 2 ** 20),
    queueEntries: whole(plan.queueEntries ?? 256, 'plan.queueEntries', 1, 256),
    trace: plan.trace ?? false,
  }
}

/** Throws Node's argument errors for a rule that says nothing, or something impossible. */
export function checkRule(rule: FaultRule): void {
  const { operation, errno, bytes, delayMicros, powerCut, at, skip, times, tries } = rule
  if (operation !== undefined && !OPERATIONS.includes(operation)) {
    throw invalid('rule.operation', `one of ${OPERATIONS.join(', ')}`, operation)
  }
  if (errno !== undefined) errnoOf(errno, 'rule.errno')
  if (at !== undefined) whole(at, 'rule.at', 0)
  if (skip !== undefined) whole(skip, 'rule.skip', 0)
  if (times !== undefined && times !== Infinity) whole(times, 'rule.times', 1)
  if (tries !== undefined) whole(tries, 'rule.tries', 1, 64)
  if (bytes !== undefined) whole(bytes, 'rule.bytes', 0)
  if (delayMicros !== undefined) whole(delayMicros, 'rule.delayMicros', 0)
  if (errno === undefined && bytes === undefined && delayMicros === undefined && !powerCut) {
    throw invalid('rule', 'with an errno, bytes, delayMicros or powerCut', rule)
  }
}

function whole(value: number, name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value)) throw invalid(name, 'an integer', value)
  return inRange(value, name, least, most)
}

function inRange(value: number, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw invalid(name, 'a number', value)
  if (value >= least && value <= most) return value
  const range = `>= ${least} && <= ${most}`
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${value}`
  throw Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' })
}

function invalid(name: string, expected: string, value: unknown): TypeError {
  const shown = JSON.stringify(value)
  const message = `"${name}" must be ${expected}. Received ${shown}`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}
