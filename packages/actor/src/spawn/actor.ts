import { EventEmitter } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { setEnvironmentData, type Worker } from 'node:worker_threads'
import {
  type ActorAddress,
  type ActorStats,
  type Client,
  connect,
  type SlowOperation,
  type TraceLevel,
  type TraceOptions,
  UringError,
} from '@uring-actor/client'
import {
  actorHeading,
  levelOf,
  storeTrace,
  traceWords,
  withTable,
} from '@uring-actor/client/internal'
import {
  ADDRESS_KEY,
  HEADER_LIFE,
  LIFE_EXITED,
  SLOW_KIND,
  wordsOf,
} from '@uring-actor/client/protocol'
import { wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { recordTrace, type TraceSource } from '../trace-file/record-trace.ts'
import {
  type RecordedTrace,
  type RecordTraceOptions,
  traceOrder,
} from '../trace-file/trace-order.ts'
import type { ActorControl } from './messages.ts'

/** How often a close looks whether the thread has let everything go, and how long it then ends. */
const LOOK_MILLISECONDS = 20
const END_MILLISECONDS = 1000

/** What an actor emits. */
export interface ActorEvents {
  /** An operation of any client took longer than `slowOperationMs`. */
  slowOperation: [slow: SlowOperation]
}

/** The process's actor, as the thread sees it that spawned it. Made by `spawnActor()`. */
export class Actor extends EventEmitter<ActorEvents> {
  /** Plain values for threads that are older than the actor: `connect(address)` takes them. */
  readonly address: ActorAddress
  readonly #inspectSocket: string | null
  readonly #worker: Worker
  readonly #control: ReturnType<typeof wrap<ActorControl>>
  readonly #life: Int32Array
  readonly #forget: () => void
  readonly #exited: Promise<void>
  #exit: () => void = () => {}
  #closing: Promise<void> | null = null
  #ended = false
  #holders = 0
  #recording = false
  /** Questions to the thread that its end leaves without an answer. */
  readonly #unanswered = new Set<() => void>()

  constructor(
    worker: Worker,
    address: ActorAddress,
    inspectSocket: string | null,
    forget: () => void,
  ) {
    super()
    this.address = address
    this.#inspectSocket = inspectSocket
    this.#worker = worker
    this.#life = wordsOf(address.header)
    this.#forget = forget
    this.#exited = new Promise((resolve) => {
      this.#exit = resolve
    })
    worker.once('exit', () => this.#end())
    // A bug of ours: whoever waits hears of the end, and this process goes on.
    worker.on('error', (error) => {
      process.emitWarning(`the actor's thread ended with an error: ${error.stack ?? error}`, {
        code: 'ERR_URING_ACTOR_EXITED',
      })
    })
    worker.on('message', (message: { kind?: unknown; slow?: SlowOperation }) => {
      if (message?.kind === SLOW_KIND) this.emit('slowOperation', message.slow as SlowOperation)
    })
    this.#control = wrap<ActorControl>(nodeEndpoint(worker as never))
    setEnvironmentData(ADDRESS_KEY, address as never)
    worker.unref()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    Atomics.store(this.#life, HEADER_LIFE, LIFE_EXITED)
    setEnvironmentData(ADDRESS_KEY, undefined as never)
    this.#forget()
    // An answer that came together with the exit is still on its way through comlink's promises.
    setImmediate(() => {
      for (const lost of this.#unanswered) lost()
      this.#exit()
    })
  }

  /** 'io_uring' or 'threadpool'. */
  get engine(): string {
    return this.address.engine
  }

  /** True once the actor's thread has ended, or will. */
  get closed(): boolean {
    return (
      this.#closing !== null || this.#ended || Atomics.load(this.#life, HEADER_LIFE) === LIFE_EXITED
    )
  }

  /** Path of the socket that `uring-actor top` connects to; null where there is none. */
  get inspectSocket(): string | null {
    return this.#inspectSocket
  }

  /** How much the process traces. */
  get trace(): TraceLevel {
    return levelOf(this.#life)
  }

  /** Has the whole process trace so much from now on: a level, or options. */
  setTrace(options: TraceLevel | TraceOptions): void {
    const words = traceWords(options, 'options')
    if (this.closed) throw new UringError('ERR_URING_ACTOR_EXITED', 'the actor is closed')
    storeTrace(this.#life, words)
  }

  /**
   * Records every operation of every client, and the actor's batches, for so many seconds into a file
   * of Chrome's Trace Event format, which Perfetto opens; at every level of tracing. One at a time:
   * ERR_URING_BUSY. The file is there when it is whole; errors of writing it are node:fs's.
   */
  async recordTrace(path: string | URL, options: RecordTraceOptions): Promise<RecordedTrace> {
    const order = traceOrder(path, options)
    if (this.closed) throw new UringError('ERR_URING_ACTOR_EXITED', 'the actor is closed')
    if (this.#recording) throw new UringError('ERR_URING_BUSY', 'a trace is being recorded already')
    this.#recording = true
    this.#hold()
    try {
      return await recordTrace(this.#traceSource(), order)
    } finally {
      this.#recording = false
      this.#letGo()
    }
  }

  #traceSource(): TraceSource {
    const worker = this.#worker
    return {
      header: this.#life,
      facts: { processId: process.pid, engine: this.engine, node: process.version },
      start: (queued) => this.#control.startRecording(queued),
      stop: () => this.#control.stopRecording(),
      listen: (listener) => {
        worker.on('message', listener)
        return () => worker.off('message', listener)
      },
      onEnd: (listener) => {
        const lost = (): void =>
          listener(new UringError('ERR_URING_ACTOR_EXITED', "the actor's thread has ended"))
        this.#unanswered.add(lost)
        return () => this.#unanswered.delete(lost)
      },
    }
  }

  /** A client for this thread. */
  connect(): Client {
    return connect(this.address)
  }

  /** What the actor has counted, of all clients together and of each. */
  async stats(): Promise<ActorStats> {
    if (this.closed) throw new UringError('ERR_URING_ACTOR_EXITED', 'the actor is closed')
    this.#hold()
    let lost: () => void = () => {}
    try {
      const stats = await new Promise<ActorStats>((resolve, reject) => {
        lost = () =>
          reject(new UringError('ERR_URING_ACTOR_EXITED', "the actor's thread has ended"))
        this.#unanswered.add(lost)
        this.#control.stats().then(resolve, reject)
      })
      return withTable(stats, actorHeading)
    } finally {
      this.#unanswered.delete(lost)
      this.#letGo()
    }
  }

  /**
   * Lets accepted work finish, refuses new work, ends the thread. Resolves when it is gone, or holds
   * nothing any more but what the kernel does not let go of, on a device that hangs; another actor
   * can be spawned then. A second call waits for the first.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    if (this.#ended) return
    this.#hold()
    // The answer may be lost with the thread: its exit says as much.
    void this.#control.close()
    void this.#watchEnd()
    await this.#exited
    this.#letGo()
  }

  /** The thread says that it ends some time before it has. When that takes long, it hangs. */
  async #watchEnd(): Promise<void> {
    while (Atomics.load(this.#life, HEADER_LIFE) !== LIFE_EXITED) {
      await delay(LOOK_MILLISECONDS, undefined, { ref: false })
    }
    await delay(END_MILLISECONDS, undefined, { ref: false })
    this.#end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The thread keeps the process alive while anybody waits for an answer of it, and only then. */
  #hold(): void {
    this.#holders++
    if (this.#holders === 1) this.#worker.ref()
  }

  #letGo(): void {
    this.#holders--
    if (this.#holders === 0) this.#worker.unref()
  }
}
