import {
  AbortError,
  invalidType,
  isAbortSignal,
  type OperationOutcome,
  outOfRange,
  TimeoutError,
} from '../errors/index.ts'
import {
  COMPLETION_CANCELLED,
  COMPLETION_CHAIN_BROKEN,
  COMPLETION_NOT_STARTED,
} from '../protocol/index.ts'
import { busy } from './busy.ts'
import type { Operation, Outcome } from './operation.ts'
import { unwatchSignal, watchSignal } from './signals.ts'
import type { Transport } from './transport.ts'

/** When a call is given up; for every asynchronous operation. */
export interface AbortOptions {
  /** Rejects with an `AbortError` when it is aborted; an aborted one posts nothing. */
  signal?: AbortSignal
  /** Rejects with ERR_URING_TIMEOUT after so many milliseconds; 0 posts nothing. */
  timeout?: number
}

export interface CallOptions extends AbortOptions {
  /** Rejects with ERR_URING_BUSY where the call would have to wait for room or for its turn. */
  noWait?: boolean
}

/** Node's timers take no more milliseconds. */
const TIMEOUT_MAX = 2 ** 31 - 1
const NOT_STARTED: OperationOutcome = { state: 'not-started' }
const NOT_BEGUN = COMPLETION_NOT_STARTED | COMPLETION_CHAIN_BROKEN

/**
 * The bounds of one call: a signal, a time-out, or that it must not wait. When the caller gives the
 * call up, its promise rejects at once; what waits in line leaves it, what was posted is cancelled,
 * and nothing more is begun. Memory, slot and lease stay held until each request has completed;
 * then the outcome is known.
 *
 *   invariant:   the outcome is settled exactly once, and only when nothing is in flight
 */
export class CallBounds {
  readonly #transport: Transport
  readonly #signal: AbortSignal | undefined
  readonly #timeout: number | undefined
  readonly noWait: boolean
  /** Why the caller does not wait any more, or null. */
  givenUp: Error | null = null
  /** What a read has brought whose caller had given it up. */
  kept: Uint8Array | null = null
  /** Its steps have begun: before, a drained operation may have held it back. */
  #entered = false
  /** A request was posted: the rest waits for room, whatever `noWait` says. */
  #posted = false
  /** Something of it was left undone because it was given up. */
  #stopped = false
  /** The actor had begun something of it. */
  #begun = false
  /** Its steps are several operations, one after the other: the end of one is not its end. */
  inParts = false
  /** All was done, though the caller has not heard of it yet. */
  #over = false
  /** What is to be done when the caller gives up a call that has brought some of its bytes. */
  readonly #savings: Array<() => void> = []
  readonly #leaving = new Set<() => void>()
  /** Those that are in flight, and what is to be done when the caller gives up. */
  readonly #operations = new Map<Operation, () => void>()
  #reject: (error: Error) => void = () => {}
  #settle: (outcome: OperationOutcome) => void = () => {}
  #timer: NodeJS.Timeout | null = null
  #lastLook: NodeJS.Immediate | null = null

  constructor(transport: Transport, { signal, timeout, noWait }: CallOptions) {
    this.#transport = transport
    this.#signal = signal
    this.#timeout = timeout
    this.noWait = noWait === true
  }

  /** Runs the call. Its value, or its error, is the caller's unless he has given it up before. */
  guard<T>(begin: () => Promise<T>): Promise<T> {
    const early = Promise.resolve(NOT_STARTED)
    if (this.#signal?.aborted) return Promise.reject(new AbortError(this.#signal.reason, early))
    if (this.#timeout === 0) return Promise.reject(new TimeoutError(0, early))
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject
      const running = begin()
      this.#arm()
      running.then(
        (result) => {
          if (this.givenUp === null) {
            this.#disarm()
            resolve(result)
          } else this.#tell({ state: 'finished', result })
        },
        (error) => {
          if (this.givenUp === null) {
            this.#disarm()
            reject(error)
          } else this.#tell({ state: 'finished', error })
        },
      )
    })
  }

  /** The steps of the call begin. */
  enter(): void {
    this.goOn()
    this.#entered = true
    if (!this.noWait) return
    const { operations } = this.#transport
    if (operations.hasWaiting) throw busy(this.#transport, 'line', 0)
    if (operations.freeCount === 0) throw busy(this.#transport, 'channel', 0)
  }

  readonly #leaveTable = (start: () => boolean): void => this.#transport.operations.leave(start)

  /** It was done at once, though its caller has not heard of it. */
  begun(): void {
    this.#entered = true
  }

  /** Throws where something more would be begun for a caller who has given up. */
  goOn(): void {
    if (this.givenUp === null) return
    this.#stopped = true
    throw this.givenUp
  }

  /** As `goOn`, as an answer. */
  mayGoOn(): boolean {
    if (this.givenUp !== null) this.#stopped = true
    return this.givenUp === null
  }

  /**
   * The steps have ended, in the same turn as what they had asked for last. It takes a few microtasks
   * until the caller hears of it, and he can give up no more: his memory would be his again, and
   * what he does there be taken for the result.
   */
  ended(): void {
    this.#over = !this.inParts
  }

  /** Bytes were brought, and more is under way: `save` copies them when the caller gives up. */
  saveWhenGivenUp(save: () => void): void {
    this.#savings.push(save)
  }

  /** Throws where memory would have to be waited for, and must not be. */
  refuseWait(byteLength: number): void {
    if (this.noWait && !this.#posted) throw busy(this.#transport, 'arena', byteLength)
  }

  /**
   * Goes into a line by `join`, and leaves it by `quit` when the call is given up: those for room, if
   * nothing else is said.
   */
  waitInLine(
    join: (start: () => boolean) => void,
    start: () => boolean,
    failed: (error: Error) => void,
    quit: (start: () => boolean) => void = this.#leaveTable,
  ): void {
    let inLine = true
    const leave = (): void => {
      quit(entry)
      this.#stopped = true
      failed(this.givenUp as Error)
    }
    const entry = (): boolean => {
      if (!start()) return false
      inLine = false
      this.#leaving.delete(leave)
      return true
    }
    join(entry)
    if (inLine) this.#leaving.add(leave)
  }

  /**
   * An operation of the call is about to be posted, and has its callbacks: sees it to its end.
   * `givenUp` is called when the caller gives it up before.
   */
  follow(operation: Operation, givenUp: () => void = () => {}): void {
    const { resolve, reject } = operation
    this.posted(operation, givenUp)
    operation.resolve = (outcome) => {
      this.completed(operation, (outcome as Outcome).flags)
      resolve(outcome)
    }
    operation.reject = (error) => {
      this.completed(operation, COMPLETION_NOT_STARTED)
      reject(error)
    }
  }

  /** An operation of the call is about to be posted; `completed` must follow. */
  posted(operation: Operation, givenUp: () => void = () => {}): void {
    this.#posted = true
    this.#operations.set(operation, givenUp)
  }

  /** It has completed, or the client has failed. */
  completed(operation: Operation, flags: number): void {
    this.#operations.delete(operation)
    if (flags & COMPLETION_CANCELLED) this.#stopped = true
    if ((flags & NOT_BEGUN) === 0) this.#begun = true
    if (this.givenUp !== null) this.#transport.cancelEnded(operation)
  }

  /** The signal was aborted. */
  abort(signal: AbortSignal): void {
    this.#giveUp((outcome) => new AbortError(signal.reason, outcome))
  }

  #arm(): void {
    if (this.#signal !== undefined) watchSignal(this.#signal, this)
    if (this.#timeout !== undefined) this.#timer = setTimeout(this.#expired, this.#timeout)
  }

  #disarm(): void {
    if (this.#signal !== undefined) unwatchSignal(this.#signal, this)
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#lastLook !== null) clearImmediate(this.#lastLook)
  }

  /** This thread may have been busy: a completion that is there by now comes before the time-out. */
  #expired = (): void => {
    this.#transport.drain()
    this.#lastLook = setImmediate(() => {
      this.#giveUp((outcome) => new TimeoutError(this.#timeout as number, outcome))
    })
  }

  #giveUp(makeError: (outcome: Promise<OperationOutcome>) => Error): void {
    if (this.#over) return
    this.#disarm()
    for (const save of this.#savings) save()
    const outcome = new Promise<OperationOutcome>((resolve) => {
      this.#settle = resolve
    })
    this.givenUp = makeError(outcome)
    this.#reject(this.givenUp)
    // What a drained operation holds back will find that it was given up, when its turn comes.
    if (!this.#entered) this.#settle(NOT_STARTED)
    for (const [operation, givenUp] of this.#operations) {
      givenUp()
      this.#transport.cancel(operation)
    }
    if (this.#leaving.size === 0) return
    for (const leave of this.#leaving) leave()
    this.#leaving.clear()
    // Who has left a line may have been what held it up. Later: others may leave at the same time.
    queueMicrotask(() => this.#transport.operations.admit())
  }

  /** Nothing is in flight any more. */
  #tell(outcome: OperationOutcome): void {
    // When the client has failed, nobody knows what was done.
    if (!this.#stopped || this.#transport.failure !== null) this.#settle(outcome)
    else if (this.#begun) this.#settle(cancelled(outcome))
    else this.#settle(NOT_STARTED)
  }
}

/** What an operation that was stopped says of how far it had come. */
function cancelled(outcome: OperationOutcome): OperationOutcome {
  const { result, error } = outcome as { result?: unknown; error?: unknown }
  const { bytesRead, bytesWritten, results } = (result ?? error ?? {}) as Progress
  const bytes = bytesRead ?? bytesWritten ?? 0
  return results === undefined
    ? { state: 'cancelled', bytes }
    : { state: 'cancelled', bytes, results }
}

interface Progress {
  readonly bytesRead?: number
  readonly bytesWritten?: number
  readonly results?: readonly unknown[]
}

/** The bounds that options ask for; null for none. */
export function boundsOf(
  transport: Transport,
  options: CallOptions | string | null | undefined,
): CallBounds | null {
  if (options === undefined || options === null || typeof options === 'string') return null
  const { signal, timeout, noWait = false } = options
  if (signal === undefined && timeout === undefined && noWait === false) return null
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidType('options.signal', 'an instance of AbortSignal', signal)
  }
  if (timeout !== undefined) {
    if (typeof timeout !== 'number') {
      throw invalidType('options.timeout', 'of type number', timeout)
    }
    if (!(timeout >= 0 && timeout <= TIMEOUT_MAX)) {
      throw outOfRange('options.timeout', `>= 0 && <= ${TIMEOUT_MAX}`, timeout)
    }
  }
  if (typeof noWait !== 'boolean') {
    throw invalidType('options.noWait', 'of type boolean', noWait)
  }
  return new CallBounds(transport, options)
}

/** Runs a call within its bounds, if it has any. */
export function bounded<T>(bounds: CallBounds | null, begin: () => Promise<T>): Promise<T> {
  return bounds === null ? begin() : bounds.guard(begin)
}
