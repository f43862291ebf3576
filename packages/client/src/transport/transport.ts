import type { MessagePort } from 'node:worker_threads'
import {
  actorClosing,
  actorExited,
  bufferChanged,
  clientClosed,
  protocolBroken,
  systemError,
  UringError,
} from '../errors/index.ts'
import { Arena } from '../memory/arena.ts'
import {
  type ActorAddress,
  CHANNEL_POISONED,
  CHANNEL_REFUSED,
  COMPLETION_BUSY_F64,
  COMPLETION_EXTRA,
  COMPLETION_FLAGS,
  COMPLETION_REFUSED,
  COMPLETION_RES,
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  LIFE_EXITED,
  nowMicros,
  OPERATION_NAMES,
  REQUEST_FLAGS_SHIFT,
  SpinBudget,
} from '../protocol/index.ts'
import { CompletionRing } from './completion-ring.ts'
import { Doorbell } from './doorbell.ts'
import { Latency } from './latency.ts'
import {
  type Operation,
  type Outcome,
  type Reject,
  SETTLE_BATCH,
  SETTLE_OUTCOME,
  SETTLE_READ,
  SETTLE_VOID,
  SETTLE_WRITE,
} from './operation.ts'
import { OperationTable } from './operation-table.ts'
import { Presence } from './presence.ts'
import { RequestRing } from './request-ring.ts'

/**
 * Up to so many operations outstanding, the event loop is asked for turns for a while before the
 * thread sleeps: with few, latency is what counts, and a turn costs less than a wake-up.
 */
const POLLED_OUTSTANDING = 4

/** A blocked thread looks this often whether the actor still lives. */
const SYNC_WAIT_MILLISECONDS = 50

/** One request as a value, for the paths where an object more does not matter. */
export interface RequestSpec {
  operation: number
  flags?: number
  fd?: number
  fdGeneration?: number
  offLow?: number
  offHigh?: number
  addrLow?: number
  addrHigh?: number
  len?: number
  rwFlags?: number
}

/**
 * One client's side of its channel: claims operations, posts requests, settles completions. All
 * of it runs on the client's own thread and takes no lock.
 */
export class Transport {
  readonly arena: Arena
  readonly address: ActorAddress
  readonly operations: OperationTable
  readonly requests: RequestRing
  readonly latency: Latency = new Latency()
  /** Why nothing can be posted any more, or null. */
  failure: Error | null = null
  /** `close` was called: what was begun goes on, nothing new begins. */
  closing = false
  #runs = new Set<Promise<unknown>>()
  #completions: CompletionRing
  #doorbell: Doorbell
  #presence: Presence
  #publishQueued = false
  #armed = false
  #polling = false
  #pollBegan = 0
  #armedAt = 0
  #spin: SpinBudget
  #publishTask = (): void => {
    this.#publishQueued = false
    this.publish()
    this.#watch()
  }
  #wakeTask = (): void => {
    this.#armed = false
    this.#spin.slept(nowMicros() - this.#armedAt)
    this.drain()
    this.#watch()
  }
  #pollTask = (): void => {
    this.#polling = false
    if (this.drain() > 0) {
      this.#spin.found()
      this.#pollBegan = 0
    }
    this.#watch()
  }

  constructor(address: ActorAddress, channel: SharedArrayBuffer, port: MessagePort) {
    const capacity = address.limits.channelDepth
    this.address = address
    this.arena = new Arena(address.limits.arenaBytes)
    this.operations = new OperationTable(capacity)
    this.requests = new RequestRing(channel, capacity)
    this.#completions = new CompletionRing(channel, capacity)
    this.#doorbell = new Doorbell(address, channel)
    this.#presence = new Presence(port)
    this.#spin = new SpinBudget(address.limits.spinMicros)
  }

  /** Throws when the client takes no new work. */
  assertOpen(): void {
    if (this.failure !== null) throw this.failure
    if (this.closing) throw clientClosed()
  }

  /** Throws when the client has ended: work that was begun goes on until then. */
  assertAlive(): void {
    if (this.failure !== null) throw this.failure
  }

  /** Remembers an operation of several requests until it has settled. */
  track<T>(run: Promise<T>): Promise<T> {
    this.#runs.add(run)
    const forget = (): void => {
      this.#runs.delete(run)
    }
    run.then(forget, forget)
    return run
  }

  /** Resolves when the operations that are under way now have settled, however. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#runs])
  }

  /**
   * Claims a free operation, or null when the channel is full or others wait for their turn.
   * A claimed operation must be posted or returned with `operations.free`.
   */
  claim(): Operation | null {
    if (this.operations.hasWaiting) return null
    this.latency.claimed()
    return this.operations.claim()
  }

  /** Writes a claimed operation's request. It is published at the end of this turn. */
  post(
    operation: Operation,
    kind: number,
    flags: number,
    fd: number,
    fdGeneration: number,
    offLow: number,
    offHigh: number,
    addrLow: number,
    addrHigh: number,
    len: number,
    rwFlags: number,
  ): void {
    operation.kind = kind
    this.requests.write(
      operation,
      kind | (flags << REQUEST_FLAGS_SHIFT),
      fd,
      fdGeneration,
      offLow,
      offHigh,
      addrLow,
      addrHigh,
      len,
      rwFlags,
    )
    this.latency.posted()
    this.#queuePublish()
  }

  /** As `post`, from a value. */
  postSpec(operation: Operation, spec: RequestSpec): void {
    this.post(
      operation,
      spec.operation,
      spec.flags ?? 0,
      spec.fd ?? 0,
      spec.fdGeneration ?? 0,
      spec.offLow ?? 0,
      spec.offHigh ?? 0,
      spec.addrLow ?? 0,
      spec.addrHigh ?? 0,
      spec.len ?? 0,
      spec.rwFlags ?? 0,
    )
  }

  /** Hands everything written so far to the actor. */
  publish(): void {
    if (this.requests.publish()) this.#doorbell.ring()
  }

  /**
   * Posts when there is room, first come first served. `settled` gets the raw outcome, or the
   * error when this client fails. False when it had to go into the line.
   */
  start(spec: RequestSpec, settled: (outcome: Outcome) => void, failed: Reject): void {
    this.operations.whenFree(() => {
      if (this.failure !== null) {
        failed(this.failure)
        return true
      }
      const operation = this.operations.claim()
      if (operation === null) return false
      operation.settle = SETTLE_OUTCOME
      operation.resolve = settled as (value: unknown) => void
      operation.reject = failed
      this.postSpec(operation, spec)
      return true
    })
  }

  /**
   * Runs `action` while this thread is blocked in a synchronous call: posts are published by
   * `progressSync`, so no task is queued for them.
   */
  blocking<T>(action: () => T): T {
    const before = this.#publishQueued
    this.#publishQueued = true
    try {
      return action()
    } finally {
      this.#publishQueued = before
      this.publish()
      // An asynchronous waiter whose completions were all taken here must not wait for ever.
      if (this.#armed && this.operations.outstandingCount === 0) this.#completions.wakeSelf()
      else if (!this.#armed && this.operations.outstandingCount > 0) this.#queuePublish()
    }
  }

  /** Publishes, then settles what has completed; sleeps (bounded) when that is nothing. */
  progressSync(): void {
    this.publish()
    if (this.drain() > 0 || this.#spinSync()) return
    this.#completions.waitSync(SYNC_WAIT_MILLISECONDS)
    this.#spin.slept(nowMicros() - this.#armedAt)
    if (this.drain() === 0) this.#checkActor()
  }

  /** Looks for a completion for a while, without sleeping; true when it settled one. */
  #spinSync(): boolean {
    const began = nowMicros()
    this.#armedAt = began
    const budget = this.#spin.micros
    while (nowMicros() - began < budget) {
      for (let look = 0; look < 8; look++) {
        if (this.#completions.available() === 0) continue
        this.#spin.found()
        return this.drain() > 0
      }
    }
    if (budget > 0) this.#spin.missed()
    return false
  }

  /** Settles every completion that is there; returns how many. */
  drain(): number {
    const completions = this.#completions
    const count = Math.min(completions.available(), this.operations.capacity)
    if (count === 0) return 0
    const { words, times } = completions
    const now = nowMicros()
    for (let taken = 0; taken < count; taken++) {
      const at = completions.next()
      const operation = this.operations.expected(
        words[at + COMPLETION_USER_LOW],
        words[at + COMPLETION_USER_HIGH],
      )
      const res = words[at + COMPLETION_RES]
      const extra = words[at + COMPLETION_EXTRA]
      const flags = words[at + COMPLETION_FLAGS]
      const actorBusy = times[(at >> 1) + COMPLETION_BUSY_F64]
      completions.advance()
      if (operation === null) continue
      this.latency.record(operation.kind, res, now - operation.postedAt, actorBusy)
      this.#settle(operation, res, extra, flags)
    }
    completions.giveBack()
    this.latency.delivered(count, nowMicros() - now)
    this.operations.admit()
    return count
  }

  /** Gives a claimed or posted operation's memory and slot back. */
  free(operation: Operation): void {
    if (operation.page >= 0) this.arena.release(operation.page)
    operation.clear()
    this.operations.free(operation)
  }

  /** Ends this client: everything outstanding fails with `error`, and so does all later work. */
  fail(error: Error): void {
    if (this.failure !== null) return
    this.failure = error
    for (const operation of this.operations.outstanding()) {
      // The memory stays held: nobody can say any more whether the kernel is done with it.
      if (operation.batch !== null) operation.batch.failAll(error)
      operation.reject(error)
    }
    this.operations.admit()
    this.#completions.wakeSelf()
    this.#presence.end()
  }

  #queuePublish(): void {
    if (this.#publishQueued) return
    this.#publishQueued = true
    this.#presence.hold()
    RESOLVED.then(this.#publishTask)
  }

  /** Marks the client closed: the actor has let it go. */
  close(): void {
    this.fail(clientClosed())
  }

  #settle(operation: Operation, res: number, extra: number, flags: number): void {
    const { resolve, reject, buffer, batch } = operation
    if (flags & COMPLETION_REFUSED) {
      batch?.failAll(actorClosing())
      this.free(operation)
      reject(actorClosing())
      return
    }
    if (operation.settle === SETTLE_OUTCOME) {
      const copied = operation.target === null || res <= 0 || this.copyOut(operation, res)
      this.free(operation)
      if (copied) resolve({ res, extra, flags })
      else reject(bufferChanged())
      return
    }
    if (operation.settle === SETTLE_BATCH) {
      ;(batch as NonNullable<typeof batch>).settleOne(operation, res)
      this.free(operation)
      return
    }
    if (res < 0) {
      const error = systemError(res, OPERATION_NAMES[operation.kind])
      if (operation.settle === SETTLE_WRITE) Object.assign(error, { bytesWritten: extra })
      this.free(operation)
      reject(error)
      return
    }
    if (operation.settle === SETTLE_READ) {
      const copied = operation.target === null || res === 0 || this.copyOut(operation, res)
      this.free(operation)
      if (copied) resolve({ bytesRead: res, buffer })
      else reject(bufferChanged())
      return
    }
    this.free(operation)
    resolve(operation.settle === SETTLE_VOID ? undefined : { bytesWritten: res, buffer })
  }

  /** Copies a staged read to its caller; false when his buffer is no longer what it was. */
  copyOut(operation: Operation, byteLength: number): boolean {
    const target = operation.target as Uint8Array
    if (target.byteLength !== operation.targetLength) return false
    const from = operation.addr
    target.set(this.arena.bytes.subarray(from, from + byteLength))
    return true
  }

  /** Waits for the next completion while anything is outstanding: first by turns, then asleep. */
  #watch(): void {
    if (this.#armed || this.#polling || this.failure !== null) return
    const outstanding = this.operations.outstandingCount
    if (outstanding === 0) {
      this.#presence.release()
      return
    }
    if (outstanding <= POLLED_OUTSTANDING && this.#mayPoll()) {
      this.#polling = true
      setImmediate(this.#pollTask)
      return
    }
    const wait = this.#completions.waitAsync()
    if (wait === null) {
      // What is there is taken in a turn of its own, so that what it settles is posted before.
      this.#polling = true
      setImmediate(this.#pollTask)
      return
    }
    this.#armed = true
    this.#armedAt = nowMicros()
    this.#checkActor()
    wait.then(this.#wakeTask)
  }

  /** True while looking once more may pay. */
  #mayPoll(): boolean {
    const budget = this.#spin.micros
    if (budget === 0) return false
    const now = nowMicros()
    if (this.#pollBegan === 0) this.#pollBegan = now
    if (now - this.#pollBegan < budget) return true
    this.#spin.missed()
    this.#pollBegan = 0
    return false
  }

  #checkActor(): void {
    if (this.failure !== null) return
    if (this.#doorbell.life() === LIFE_EXITED) {
      this.fail(actorExited())
      return
    }
    const state = this.#completions.channelState()
    if (state === CHANNEL_POISONED) this.fail(protocolBroken())
    if (state === CHANNEL_REFUSED) {
      this.fail(
        new UringError('ERR_URING_TOO_MANY_CLIENTS', 'the actor refused this client: no free slot'),
      )
    }
  }

  /** The control port's other end is gone, or a message never arrived. */
  disconnected(): void {
    this.drain()
    this.#checkActor()
    this.fail(actorExited())
  }
}

const RESOLVED = Promise.resolve()
