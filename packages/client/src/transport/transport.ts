import type { MessagePort } from 'node:worker_threads'
import { actorExited, clientClosed, protocolBroken } from '../errors/index.ts'
import { Arena } from '../memory/arena.ts'
import { forgetLeases, knowLeases } from '../memory/lease-holds.ts'
import {
  type ActorAddress,
  CHANNEL_DETACHED,
  COMPLETION_EXTRA,
  COMPLETION_FLAGS,
  COMPLETION_RES,
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  REQUEST_FLAGS_SHIFT,
  wordsOf,
} from '../protocol/index.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { ActorLife, endOf } from './actor-life.ts'
import { CancelWords } from './cancel-words.ts'
import { traceOf } from './client-trace.ts'
import { CompletionRing } from './completion-ring.ts'
import { Disconnection } from './disconnection.ts'
import { Doorbell } from './doorbell.ts'
import type { Operation } from './operation.ts'
import { OperationTable } from './operation-table.ts'
import { Place } from './place.ts'
import { Presence } from './presence.ts'
import { RequestRing } from './request-ring.ts'
import { highestResult } from './request-spec.ts'
import { settle } from './settle.ts'
import { type ExitEntry, endAtExit, forgetAtExit } from './thread-end.ts'
import { type Runs, Turns } from './turns.ts'
import { UnderWay } from './under-way.ts'
import { Watcher } from './watcher.ts'

/**
 * One client's side of its channel: claims operations, posts requests, settles completions. All
 * of it runs on the client's own thread and takes no lock.
 */
export class Transport {
  readonly arena: Arena
  readonly address: ActorAddress
  readonly operations: OperationTable
  readonly requests: RequestRing
  readonly #cancels: CancelWords
  readonly trace: OperationTrace
  /** Hears that the control port's other end is gone, or that the message never arrived. */
  readonly disconnection: Disconnection = new Disconnection(() => this.#disconnected())
  readonly place: Place
  /** The path of each file that this client has open, by slot. */
  readonly paths: Map<number, string> = new Map()
  /** Why nothing can be posted any more, or null. */
  failure: Error | null = null
  /** `close` was called: what was begun goes on, nothing new begins. */
  closing = false
  /** That `close`, for who waits for it, where it does not block. */
  ending: Promise<void> | null = null
  /** Who waits for whom of the operations of this client that are several requests. */
  readonly turns: Turns = new Turns()
  #completions: CompletionRing
  #doorbell: Doorbell
  #life: ActorLife
  #presence: Presence
  #watcher: Watcher
  readonly #exitEntry: ExitEntry
  readonly #early: number
  #publishQueued = false
  readonly #underWay = new UnderWay()
  #blocking = false
  #publishTask = (): void => {
    this.#publishQueued = false
    this.publish()
    // A blocking call in this turn may have let go when all that had been posted was done.
    if (this.operations.outstandingCount > 0) this.#presence.hold()
    this.#watcher.watch()
  }
  #freeTask = (operation: Operation): void => this.free(operation)

  constructor(address: ActorAddress, channel: SharedArrayBuffer, port: MessagePort) {
    const { header, limits } = address
    const capacity = limits.channelDepth
    this.address = address
    this.#early = limits.earlyRequests
    this.arena = new Arena(limits.arenaBytes)
    const operations = new OperationTable(capacity)
    this.operations = operations
    knowLeases(this.arena, () => operations.admit())
    this.#cancels = new CancelWords(channel, capacity)
    this.#completions = new CompletionRing(channel, capacity)
    this.#doorbell = new Doorbell(address, channel)
    this.#life = new ActorLife(address)
    this.#presence = new Presence(port)
    this.trace = traceOf(address, port, this.arena, this.paths)
    this.requests = new RequestRing(channel, capacity, this.trace.posted)
    const watched = {
      drain: () => this.drain(),
      outstanding: () => (this.failure === null ? this.operations.outstandingCount : 0),
      checkActor: () => this.#checkActor(),
      insist: () => this.#doorbell.insist(),
      idle: () => this.#presence.release(),
    }
    this.#watcher = new Watcher(this.#completions, watched, wordsOf(header), limits.spinMicros)
    this.place = new Place(header, channel)
    this.#exitEntry = endAtExit(this.#completions, this.trace.rows, this.place)
  }

  /** Operations under way, and those that may be again when their callers have gone on. */
  get concurrency(): number {
    return this.operations.outstandingCount + this.#underWay.recent
  }

  /** Nothing of a file is under way, or waits, that a read must not overtake; `of` are its operations. */
  hasOnlyReads(slot: number, of: Runs): boolean {
    return this.#underWay.onlyReads(slot) && of.size === 0 && !this.turns.mustWait(0)
  }

  /** Throws when the client takes no new work. */
  assertOpen(): void {
    this.assertAlive()
    if (this.closing) throw clientClosed()
  }

  /** Throws when the client has ended: work that was begun goes on until then. */
  assertAlive(): void {
    if (this.failure !== null) throw this.failure
  }

  /**
   * Claims a free operation, or null when the channel is full or others wait for their turn.
   * A claimed operation must be posted or returned with `operations.free`.
   */
  claim(flags: number): Operation | null {
    if (this.operations.hasWaiting || this.turns.mustWait(flags)) return null
    this.trace.claimed()
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
    operation.fd = fd
    operation.offLow = offLow
    operation.offHigh = offHigh
    operation.addrLow = addrLow
    operation.addrHigh = addrHigh
    operation.len = len
    this.beginSpan(operation)
    if (operation.span !== null && this.failure !== null) {
      this.giveBack(operation, this.failure)
      return
    }
    this.write(operation, kind, flags, fdGeneration, rwFlags)
    if (this.trace.timing) this.trace.timed()
  }

  /** Notes when it was called. A subscriber to its span may do anything here, and end the client too. */
  beginSpan(operation: Operation): void {
    this.trace.posting(operation, this.#blocking)
  }

  /** Writes the request of a claimed operation, which says what it is but for this. */
  write(
    operation: Operation,
    kind: number,
    flags: number,
    fdGeneration: number,
    rwFlags: number,
  ): void {
    this.#underWay.begin(operation, flags)
    operation.resultMax = highestResult(kind, operation.len)
    this.requests.write(
      operation,
      kind | (flags << REQUEST_FLAGS_SHIFT),
      operation.fd,
      fdGeneration,
      operation.offLow,
      operation.offHigh,
      operation.addrLow,
      operation.addrHigh,
      operation.len,
      rwFlags,
    )
    this.#queuePublish()
  }

  /** A subscriber to its span has ended the client before the operation was written. */
  giveBack(operation: Operation, error: Error): void {
    const { reject, batch } = operation
    this.trace.lost(operation, error)
    batch?.failOne(operation, error)
    this.free(operation)
    reject(error)
  }

  /** Hands over what was posted when it is enough for now. Not for requests that belong together. */
  publishEarly(): void {
    if (this.#early > 0 && this.requests.unpublished >= this.#early) this.publish(false)
  }

  /** Hands everything written so far to the actor; in the middle of a turn or at its end. */
  publish(atTurnEnd: boolean = true): void {
    const posted = this.requests.publish()
    if (atTurnEnd) this.trace.turnEnded()
    const news = this.#cancels.publish() || posted
    if (news && !this.#doorbell.ring()) this.fail(protocolBroken())
  }

  /** Asks the actor to cancel an operation that is posted; it completes all the same. */
  cancel(operation: Operation): void {
    this.#cancels.request(operation.slot, operation.generation)
    this.#queuePublish()
  }

  /** An operation that was to be cancelled has completed. */
  cancelEnded(operation: Operation): void {
    this.#cancels.withdraw(operation.slot)
  }

  /**
   * Runs `action` while this thread is blocked in a synchronous call: posts are published by
   * `progressSync`, so no task is queued for them.
   */
  blocking<T>(action: () => T): T {
    const before = this.#publishQueued
    const blocking = this.#blocking
    this.#publishQueued = true
    this.#blocking = true
    try {
      return action()
    } finally {
      this.#publishQueued = before
      this.#blocking = blocking
      this.publish()
      if (this.operations.outstandingCount > 0) this.#presence.hold()
      this.#watcher.resume()
    }
  }

  /** Publishes, then waits with this thread blocked until something was settled, or for a while. */
  progressSync(): void {
    this.publish()
    this.#watcher.waitSync()
  }

  /** Settles every completion that is there; returns how many. */
  drain(): number {
    const completions = this.#completions
    const count = completions.available()
    if (count === 0) return 0
    if (count > this.operations.capacity) {
      this.fail(protocolBroken())
      return 0
    }
    const { words, times } = completions
    const telling = this.trace.delivering(count, completions, this.operations)
    for (let taken = 0; taken < count; taken++) {
      const at = completions.wordOf(0)
      const operation = this.operations.expected(
        words[at + COMPLETION_USER_LOW],
        words[at + COMPLETION_USER_HIGH],
      )
      const res = words[at + COMPLETION_RES]
      const extra = words[at + COMPLETION_EXTRA]
      const flags = words[at + COMPLETION_FLAGS]
      completions.advance()
      // The actor completes what was posted, once, and with no more than was asked for.
      if (operation === null || res > operation.resultMax) {
        this.fail(protocolBroken())
        return taken
      }
      if (telling) this.trace.completed(operation, res, flags, times, at >> 1)
      settle(this.arena, operation, res, extra, flags, this.#freeTask)
    }
    completions.giveBack()
    this.#underWay.delivered(count)
    // Subscribers hear of it here, where whatever they do, and wait for, disturbs nobody.
    this.trace.delivered(count)
    this.operations.admit()
    return count
  }

  /** Gives a claimed or posted operation's memory and slot back. */
  free(operation: Operation): void {
    if (operation.page >= 0) this.arena.release(operation.page)
    this.#underWay.end(operation)
    operation.clear()
    this.operations.free(operation)
  }

  /** Ends this client: everything outstanding fails with `error`, and so does all later work. */
  fail(error: Error): void {
    if (this.failure !== null) return
    this.failure = error
    for (const operation of this.operations.outstanding()) {
      // The memory stays held: nobody can say any more whether the kernel is done with it.
      operation.batch?.failOne(operation, error)
      this.trace.lost(operation, error)
      operation.reject(error)
    }
    this.operations.admit()
    this.#completions.wakeSelf()
    this.trace.rows.end()
    forgetAtExit(this.#exitEntry)
    this.#presence.end()
    this.#watcher.end()
    this.disconnection.forget()
    forgetLeases(this.arena)
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

  #checkActor(): void {
    if (this.failure !== null) return
    const ended = endOf(this.#completions.channelState(), this.#life.now())
    if (ended !== null) this.fail(ended)
  }

  #disconnected(): void {
    this.drain()
    // The actor closes the port of a client that has left: that may be heard before close() goes on.
    if (this.closing && this.#completions.channelState() === CHANNEL_DETACHED) this.close()
    this.#checkActor()
    this.fail(actorExited())
  }
}

const RESOLVED = Promise.resolve()
