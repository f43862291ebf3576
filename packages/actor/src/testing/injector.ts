import {
  OPERATION_NAMES,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_SYNC,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import {
  type OperationTable,
  ROW_CHANNEL,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_USER_HIGH,
  ROW_USER_LOW,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { FaultEvent, FaultKind } from './history.ts'
import { positionOf } from './memory-engine.ts'
import type { ErrnoName, FaultOperation, FaultRule, ResolvedPlan } from './plan.ts'
import { Random } from './random.ts'
import { errnoOf } from './values.ts'
import type { VirtualTime } from './virtual-time.ts'

const EINTR = -4
const EAGAIN = -11
/** Direct I/O stays aligned when it is cut to multiples of this. */
const DIRECT_UNIT = 4096
const MOST_TRIES = 3

const WRITE_ERRORS: readonly ErrnoName[] = [
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EPERM',
  'EIO',
  'ESTALE',
  'EBADF',
  'ECANCELED',
]
/** What the kernel may say, by operation; of all that are not here the same as to a read. */
const ERRORS: Readonly<Record<string, readonly number[]>> = {
  read: numbers(['EIO', 'ESTALE', 'EBADF', 'ECANCELED']),
  write: numbers(WRITE_ERRORS),
  fallocate: numbers(WRITE_ERRORS),
  ftruncate: numbers(WRITE_ERRORS),
  fsync: numbers(['EIO', 'ENOSPC', 'EDQUOT']),
}

/** What is known of an open file. */
export interface FileFacts {
  readonly path: string
  readonly regular: boolean
  readonly direct: boolean
}

/** One operation and what is to happen to it. */
export interface Operation {
  readonly number: number
  readonly name: FaultOperation
  readonly path: string
  readonly kind: number
  readonly channel: number
  readonly userLow: number
  readonly userHigh: number
  /** Tries so far. */
  tries: number
  /** Results that bring nothing, to be given first. */
  readonly interrupts: number[]
  /** Where it stops short, in bytes from its beginning, rising. */
  readonly cuts: number[]
  /** The error that it ends with, once so many bytes are done; 0: none. */
  error: number
  errorAt: number
  delay: number
  powerCut: boolean
}

interface ActiveRule {
  readonly rule: FaultRule
  skip: number
  times: number
}

/** Decides what happens to each operation, and keeps the history of it. */
export class Injector {
  readonly history: FaultEvent[] = []
  /** Operations begun so far. */
  operations = 0
  readonly #plan: ResolvedPlan
  readonly #table: OperationTable
  #rules: ActiveRule[] = []
  readonly #time: VirtualTime
  readonly #factsOf: (slot: number) => FileFacts | undefined
  /** The operation of each row: its transfer or call, and its sync. */
  readonly #ofRow: Array<Operation | undefined> = []
  readonly #syncOfRow: Array<Operation | undefined> = []

  constructor(
    plan: ResolvedPlan,
    table: OperationTable,
    time: VirtualTime,
    factsOf: (slot: number) => FileFacts | undefined,
  ) {
    this.#plan = plan
    this.#table = table
    this.#time = time
    this.#factsOf = factsOf
    for (const rule of plan.rules) this.addRule(rule)
  }

  addRule(rule: FaultRule): void {
    this.#rules.push({ rule, skip: rule.skip ?? 0, times: rule.times ?? 1 })
  }

  /** The operation that a row's next try belongs to. `path`: of a file that is being opened. */
  operationOf(row: number, sync: boolean, path?: string): Operation {
    const { words } = this.#table
    const at = row * ROW_WORDS
    const known = (sync ? this.#syncOfRow : this.#ofRow)[row]
    if (
      known !== undefined &&
      known.userLow === words[at + ROW_USER_LOW] &&
      known.userHigh === words[at + ROW_USER_HIGH] &&
      known.channel === words[at + ROW_CHANNEL]
    ) {
      known.tries++
      return known
    }
    const made = this.#begin(at, sync, path)
    ;(sync ? this.#syncOfRow : this.#ofRow)[row] = made
    return made
  }

  #begin(at: number, sync: boolean, path: string | undefined): Operation {
    const { words } = this.#table
    const kind = sync ? OPERATION_SYNC : words[at + ROW_KIND]
    const slot = words[at + ROW_FILE]
    const facts = slot >= 0 ? this.#factsOf(slot) : undefined
    const operation: Operation = {
      number: this.operations++,
      name: OPERATION_NAMES[kind] as FaultOperation,
      path: path ?? facts?.path ?? '',
      kind,
      channel: words[at + ROW_CHANNEL],
      userLow: words[at + ROW_USER_LOW],
      userHigh: words[at + ROW_USER_HIGH],
      tries: 0,
      interrupts: [],
      cuts: [],
      error: 0,
      errorAt: 0,
      delay: 0,
      powerCut: false,
    }
    const length = isTransfer(kind) ? words[at + ROW_LEN] : 0
    if (kind < OPERATION_OPEN) this.#draw(operation, length, facts)
    this.#applyRules(operation)
    return operation
  }

  /** By the plan's rates. What is not a regular file gives results that are the user's business. */
  #draw(operation: Operation, length: number, facts: FileFacts | undefined): void {
    const { rates, seed } = this.#plan
    if (operation.name === 'nop') return
    const random = new Random(seed, operation.number)
    const unit = facts?.direct ? DIRECT_UNIT : 1
    const regular = facts?.regular ?? false
    if (regular && random.chance(rates.interrupt)) {
      const count = random.between(1, MOST_TRIES)
      for (let left = count; left > 0; left--) operation.interrupts.push(random.pick(NOTHING_DONE))
    }
    if (regular && length > unit && random.chance(rates.short)) {
      const count = random.between(1, MOST_TRIES)
      const most = Math.ceil(length / unit) - 1
      for (let left = count; left > 0; left--) operation.cuts.push(random.between(1, most) * unit)
    }
    const sync = operation.kind === OPERATION_SYNC
    if (random.chance(sync ? rates.sync : rates.error)) {
      const known = ERRORS[operation.name] ?? ERRORS.read
      operation.error = random.pick(sync ? ERRORS.fsync : (this.#plan.errors ?? known))
      const most = Math.max(0, Math.ceil(length / unit) - 1)
      if (random.chance(0.5)) stopAt(operation, random.between(0, most) * unit)
    }
    operation.cuts.sort((one, other) => one - other)
  }

  #applyRules(operation: Operation): void {
    for (const active of this.#rules) {
      const { rule } = active
      if (!matches(rule, operation)) continue
      if (active.skip > 0) {
        active.skip--
        continue
      }
      active.times--
      operation.delay += rule.delayMicros ?? 0
      operation.powerCut ||= rule.powerCut ?? false
      if (rule.delayMicros !== undefined) this.record(operation, 'delay', -1, 0, 0)
      const errno = rule.errno === undefined ? 0 : errnoOf(rule.errno, 'rule.errno')
      if (rule.tries !== undefined) {
        for (let left = rule.tries; left > 0; left--) operation.interrupts.push(errno)
      } else if (errno !== 0) {
        operation.error = errno
        operation.errorAt = 0
      }
      if (rule.bytes !== undefined && isTransfer(operation.kind)) {
        operation.cuts.length = 0
        stopAt(operation, rule.bytes)
      }
    }
    if (this.#rules.some(isSpent)) this.#rules = this.#rules.filter((active) => !isSpent(active))
  }

  /**
   * Adds to the history. `row`: where position and length of the try stand, -1 for none; `asked`: its
   * length in bytes.
   */
  record(
    operation: Operation | null,
    kind: FaultKind,
    row: number,
    asked: number,
    result: number,
  ): void {
    const quiet = kind === 'begun' || kind === 'completed'
    if (quiet && !this.#plan.trace) return
    const at = row * ROW_WORDS
    const placed = row >= 0 && operation !== null && hasPlace(operation.kind)
    this.history.push({
      operation: operation?.number ?? -1,
      kind,
      name: operation?.name ?? (kind === 'busy' ? 'submit' : 'power'),
      path: operation?.path ?? '',
      position: placed ? (positionOf(this.#table.words, at) ?? -1) : 0,
      length: placed ? asked : 0,
      result,
      time: this.#time.now,
    })
  }
}

function isSpent({ times }: ActiveRule): boolean {
  return times <= 0
}

const NOTHING_DONE: readonly number[] = [EINTR, EAGAIN]

/** The operation stops after so many bytes; what comes then is its error, if it has one. */
function stopAt(operation: Operation, bytes: number): void {
  operation.errorAt = bytes
  if (bytes > 0) operation.cuts.push(bytes)
}

function matches(rule: FaultRule, operation: Operation): boolean {
  if (rule.operation !== undefined && rule.operation !== operation.name) return false
  if (rule.path !== undefined && !operation.path.endsWith(rule.path)) return false
  return rule.at === undefined || rule.at === operation.number
}

export function isTransfer(kind: number): boolean {
  return kind === OPERATION_READ || kind === OPERATION_WRITE
}

/** Reads, writes, and what works on a range without memory. */
function hasPlace(kind: number): boolean {
  return isTransfer(kind) || (kind > OPERATION_SYNC && kind < OPERATION_OPEN)
}

function numbers(names: readonly ErrnoName[]): number[] {
  return names.map((name) => errnoOf(name, 'errors'))
}
