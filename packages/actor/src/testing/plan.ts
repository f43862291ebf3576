import type { constants } from 'node:os'
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
