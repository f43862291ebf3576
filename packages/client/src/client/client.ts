import type { MessagePort } from 'node:worker_threads'
import { loadAddon } from '../cached/addon.ts'
import { CachedReads } from '../cached/cached-reads.ts'
import { actorExited, invalidType, systemError } from '../errors/index.ts'
import { fileMode, integer } from '../file/arguments.ts'
import { openSteps } from '../file/file-steps.ts'
import { openFlags } from '../file/flags.ts'
import type { FileHandleState } from '../file/handle.ts'
import { type OperationOptions, operationFlags, refuseBounds } from '../file/options.ts'
import { type PathLike, pathBytes } from '../file/path.ts'
import { UringFile } from '../file/uring-file.ts'
import { Lease } from '../memory/lease.ts'
import { holdingLeases } from '../memory/lease-holds.ts'
import {
  DETACH_UNUSED,
  OPERATION_DETACH,
  OPERATION_NOP,
  PAGE_SHIFT,
  REQUEST_DRAIN,
  wordsOf,
} from '../protocol/index.ts'
import { levelOf, storeTrace, traceWords } from '../trace/levels.ts'
import type { OperationLatency } from '../trace/recorder.ts'
import type { ActorStats, ClientStats } from '../trace/stats.ts'
import type { TraceLevel, TraceOptions } from '../trace/types.ts'
import { type AbortOptions, bounded, boundsOf, type CallOptions } from '../transport/call-bounds.ts'
import { promiseFor, SETTLE_VOID } from '../transport/operation.ts'
import { ordered } from '../transport/ordered.ts'
import {
  arenaFull,
  call,
  orderOf,
  runAfterAll,
  runAsync,
  runSync,
  type Steps,
} from '../transport/steps.ts'
import type { Transport } from '../transport/transport.ts'
import { ChainBuilder } from './chain.ts'
import { Control } from './control.ts'
import { runChain } from './run-chain.ts'

export interface OpenOptions extends CallOptions {
  /** Bytes of a block, for `readBlock`, `writeBlock` and `trimBlock`. */
  blockSize?: number
}

/**
 * One thread's connection to the actor. It belongs to the thread that made it: any thread may have
 * one or more of its own. Made by `connect()`.
 */
export class Client {
  readonly #transport: Transport
  readonly #control: Control
  #leases = 0
  /** What `latency` told when this client was closed: its memory is the system's since. */
  #lastLatency: Record<string, OperationLatency> | null = null

  readonly #owner: number
  /** Made when the first file is opened that it is for; null where it cannot be. */
  #cachedReads: CachedReads | null | undefined

  /** `owner` is what the actor knows of this client and nobody else (ConnectMessage). */
  constructor(transport: Transport, port: MessagePort, owner: number) {
    this.#transport = transport
    this.#owner = owner
    this.#control = new Control(port, () => transport.failure ?? actorExited())
  }

  /** True once `close` was called, or the actor has ended. */
  get closed(): boolean {
    return this.#transport.failure !== null || this.#transport.closing
  }

  /** Leases that were allocated and not released. */
  get leases(): number {
    return this.#leases
  }

  /**
   * Opens a file in the actor. Flags as in node:fs, a string or a number (O_DIRECT, O_DSYNC …); `mode`
   * for a file that is made. Errors are node:fs's, with `path`.
   */
  async open(
    path: PathLike,
    flags?: string | number | null,
    mode?: number | string | null,
    options?: OpenOptions,
  ): Promise<UringFile> {
    const transport = this.#transport
    const bounds = boundsOf(transport, options)
    const steps = this.#openSteps(path, flags, mode, options)
    return bounded(bounds, () => runAsync(transport, steps, 0, bounds))
  }

  /** As `open`, blocking this thread. */
  openSync(
    path: PathLike,
    flags?: string | number | null,
    mode?: number | string | null,
    options?: OpenOptions,
  ): UringFile {
    refuseBounds(options)
    return runSync(this.#transport, this.#openSteps(path, flags, mode, options))
  }

  /** Looks at the arguments at the call, whenever the steps begin. */
  #openSteps(
    path: unknown,
    flags: unknown,
    mode: unknown,
    options: OpenOptions | undefined,
  ): Steps<UringFile> {
    const bytes = pathBytes(path)
    const openFlag = openFlags(flags)
    const fileModeBits = fileMode(mode, 'mode', 0o666)
    const blockSize =
      options?.blockSize === undefined ? 0 : integer(options.blockSize, 'blockSize', 1, 2 ** 30)
    this.#transport.assertOpen()
    return this.#opening(openSteps(this.#transport, bytes, openFlag, fileModeBits), blockSize)
  }

  *#opening(steps: Steps<FileHandleState>, blockSize: number): Steps<UringFile> {
    const state = yield* steps
    if (state.offered) state.cached = this.#cachedReadsOf()
    return new UringFile(state, blockSize)
  }

  #cachedReadsOf(): CachedReads | null {
    if (this.#cachedReads === undefined) {
      const calls = loadAddon(this.#transport.address.addon)
      this.#cachedReads = calls && new CachedReads(this.#transport, calls, this.#owner)
    }
    return this.#cachedReads
  }

  /**
   * Takes `length` bytes of this client's arena: page-aligned memory that I/O reaches without a copy.
   * Throws ERR_URING_ARENA_FULL when there is not enough. Release it, or use `using`.
   */
  alloc(length: number): Lease {
    const transport = this.#transport
    transport.assertOpen()
    integer(length, 'length', 1)
    const page = transport.arena.allocate(orderOf(transport, length))
    if (page < 0) throw arenaFull(transport, length)
    this.#leases++
    return new Lease(transport.arena.buffer, page << PAGE_SHIFT, length, this.#leaseOwner, page)
  }

  readonly #leaseOwner = {
    releaseLease: (page: number): void => {
      this.#leases--
      if (this.#transport.arena.release(page)) this.#transport.operations.admit()
    },
  }

  /** Goes to the ring and back: what the path itself costs. */
  nop(options?: OperationOptions): Promise<void> {
    try {
      const transport = this.#transport
      transport.assertOpen()
      const flags = operationFlags(options)
      const bounds = boundsOf(transport, options)
      if (bounds !== null) {
        return bounds.guard(() => runAsync(transport, nopSteps(flags), flags, bounds))
      }
      const operation = transport.claim(flags)
      if (operation === null) return runAsync(transport, nopSteps(flags), flags)
      operation.settle = SETTLE_VOID
      const promise = promiseFor<void>(operation)
      transport.post(operation, OPERATION_NOP, flags, 0, 0, 0, 0, 0, 0, 0, 0)
      return promise
    } catch (error) {
      return Promise.reject(error)
    }
  }

  nopSync(): void {
    this.#transport.assertOpen()
    runSync(this.#transport, nopSteps(0))
  }

  /** Resolves when everything that this client posted before has completed. */
  async flush(options?: AbortOptions): Promise<void> {
    const transport = this.#transport
    transport.assertOpen()
    const bounds = boundsOf(transport, options)
    // Operations of several requests post the later ones as the earlier complete.
    return bounded(bounds, () => runAfterAll(transport, nopSteps(REQUEST_DRAIN), bounds))
  }

  /** As `flush`, for what has been posted: an asynchronous call cannot go on while this one blocks. */
  flushSync(): void {
    this.#transport.assertOpen()
    runSync(this.#transport, nopSteps(REQUEST_DRAIN))
  }

  /**
   * Runs operations in order, each when the one before has succeeded; they go to the kernel linked,
   * in one submission, as far as the kernel breaks a link when a member fails (it does for reads
   * and writes) and no other sync of a file that is synced runs or waits. When one fails, the rest are cancelled (ECANCELED) and the promise rejects with
   * its error, whose `failedIndex` and `results` tell how far the chain came.
   */
  async chain(
    build: (chain: ChainBuilder) => void,
    options?: OperationOptions,
  ): Promise<unknown[]> {
    if (typeof build !== 'function') throw invalidType('build', 'of type function', build)
    const transport = this.#transport
    transport.assertOpen()
    const flags = operationFlags(options)
    const bounds = boundsOf(transport, options)
    const chain = new ChainBuilder(transport)
    build(chain)
    const members = ChainBuilder.membersOf(chain)
    const views = members.map(({ bytes }) => bytes)
    const begin = (): Promise<unknown[]> => runChain(transport, members, flags, bounds)
    return bounded(bounds, () => {
      const run = holdingLeases(views, () => ordered(transport, flags, begin, bounds))
      for (const file of new Set(members.map(({ file }) => file))) file?.runs.track(run)
      return run
    })
  }

  /** What the actor counts for this client. */
  stats(): Promise<ClientStats> {
    this.#transport.assertOpen()
    return this.#control.clientStats()
  }

  /**
   * Where the time went of what was delivered to this client so far, by kind (`read`, `write`,
   * `trim`, `fsync` …): distributions in microseconds, without asking the actor.
   */
  latency(): Record<string, OperationLatency> {
    return this.#lastLatency ?? this.#transport.trace.recorder.latency()
  }

  /** How much the process traces. */
  get trace(): TraceLevel {
    return levelOf(wordsOf(this.#transport.address.header))
  }

  /** Has the whole process trace so much from now on: a level, or options. */
  setTrace(options: TraceLevel | TraceOptions): void {
    this.#transport.assertOpen()
    storeTrace(wordsOf(this.#transport.address.header), traceWords(options, 'options'))
  }

  /** What the actor counts in all. */
  actorStats(): Promise<ActorStats> {
    this.#transport.assertOpen()
    return this.#control.stats()
  }

  /**
   * Waits for what is in flight, closes this client's files and gives its memory back. Later calls
   * reject with ERR_URING_CLIENT_CLOSED. A second close waits for the first.
   */
  close(): Promise<void> {
    const transport = this.#transport
    transport.ending ??= this.#close()
    return transport.ending
  }

  async #close(): Promise<void> {
    const transport = this.#transport
    if (transport.failure !== null) return
    transport.closing = true
    await transport.turns.settled()
    try {
      await runAsync(transport, this.#detachSteps())
    } catch (error) {
      if (!this.#isLetGo(error)) throw error
    }
    transport.close()
  }

  /** An actor that has ended has let everything go already, and one that is about to will. */
  #isLetGo(error: unknown): boolean {
    const { code } = error as { code?: string }
    return this.#transport.failure !== null || code === 'ERR_URING_ACTOR_CLOSING'
  }

  /** As `close`, blocking this thread. Asynchronous operations that were not posted yet reject. */
  closeSync(): void {
    const transport = this.#transport
    if (this.closed) return
    transport.closing = true
    try {
      runSync(transport, this.#detachSteps())
    } catch (error) {
      if (!this.#isLetGo(error)) throw error
    }
    transport.close()
  }

  *#detachSteps(): Steps<void> {
    const { arena, operations, trace } = this.#transport
    // The actor may have closed the port before what is left is handed on by itself.
    trace.rows.handOn()
    // Leases stay readable after the client has closed, and staged bytes may wait to be copied out.
    const idle = operations.outstandingCount === 0 && !operations.hasWaiting
    const unused = idle && arena.freeBytes === arena.bytes.length
    if (unused) this.#lastLatency = trace.recorder.latency()
    const rwFlags = unused ? DETACH_UNUSED : 0
    const { res } = yield* call({ operation: OPERATION_DETACH, flags: REQUEST_DRAIN, rwFlags })
    if (res < 0) throw systemError(res, 'detach')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  [Symbol.dispose](): void {
    this.closeSync()
  }
}

function* nopSteps(flags: number): Steps<void> {
  const { res } = yield* call({ operation: OPERATION_NOP, flags })
  if (res < 0) throw systemError(res, 'nop')
}
