import type { MessagePort } from 'node:worker_threads'
import type { Distribution } from '../trace/histogram.ts'
import type { OperationStats, TraceLevel } from '../trace/types.ts'

/** What one client's channel has done, as the actor counts it. */
export interface ClientStats {
  /** Its number: the process's clients are counted from 1 on. */
  readonly id: number
  readonly threadId: number
  /** Since it connected, in microseconds. */
  readonly connectedMicros: number
  /** Operations taken from the channel, completed, and completed with an error. */
  readonly taken: number
  /** Times that the actor took any, and how many at a time, on average. */
  readonly turns: number
  readonly operationsPerTurn: number
  readonly completed: number
  readonly errors: number
  readonly inFlight: number
  readonly bytesRead: number
  readonly bytesWritten: number
  /** Times that this client's thread was woken. */
  readonly wakes: number
  /** By the name of the operation (`read`, `write`, `fsync` …); only those that occurred. */
  readonly operations: Readonly<Record<string, OperationStats>>
}

/** The engine's and the loop's counters, of all clients together. */
export interface ActorStats {
  /** 'io_uring' or 'threadpool'; true when it was asked for. */
  readonly engine: string
  readonly forced: boolean
  /** Why this engine was chosen: a stable word, a sentence, and what to do about it, if anything. */
  readonly cause: string
  readonly reason: string
  readonly remedy: string
  /** What the engine has to do without, a sentence each. */
  readonly limitations: readonly string[]
  readonly clients: readonly ClientStats[]
  readonly completed: number
  readonly errors: number
  readonly inFlight: number
  readonly maxInFlight: number
  /** io_uring_enter calls, operations submitted by them, and the mean of the batches. */
  readonly enters: number
  readonly submitted: number
  readonly operationsPerEnter: number
  /** Sleeps in the kernel and in the event loop, and how often a client was woken. */
  readonly blocks: number
  readonly parks: number
  readonly wakes: number
  /** Short or interrupted transfers whose rest was asked for again. */
  readonly retries: number
  readonly openFiles: number
  /** True when every client's arena is a registered buffer and the ring refuses any other memory. */
  readonly restricted: boolean
  readonly overflow: number
  /** Time in the actor's own code and waiting, in microseconds. */
  readonly busyMicros: number
  readonly idleMicros: number
  /** Since the actor started, in microseconds. */
  readonly uptimeMicros: number
  readonly trace: TraceLevel
  /** Of all clients together, those included that have left. */
  readonly operations: Readonly<Record<string, OperationStats>>
  /** Operations per submission, and operations in flight at each: counts, not times. */
  readonly batch: Distribution
  readonly depth: Distribution
}

/** The control plane: what the actor exposes on each client's port, through comlink. */
export interface ControlPlane {
  stats(): ActorStats
  clientStats(): ClientStats
}

/** Calls the control plane; the process stays alive while a call is under way. */
export class Control {
  readonly #port: MessagePort
  readonly #failure: () => Error
  /** Calls under way: what their port's end leaves without an answer. */
  readonly #unanswered = new Set<(error: Error) => void>()
  #remote: Promise<{
    [K in keyof ControlPlane]: () => Promise<ReturnType<ControlPlane[K]>>
  }> | null = null

  /** `failure` tells why nothing can be asked any more, once the port has closed. */
  constructor(port: MessagePort, failure: () => Error) {
    this.#port = port
    this.#failure = failure
    port.on('close', () => {
      for (const reject of this.#unanswered) reject(this.#failure())
    })
  }

  stats(): Promise<ActorStats> {
    return this.#call('stats') as Promise<ActorStats>
  }

  clientStats(): Promise<ClientStats> {
    return this.#call('clientStats') as Promise<ClientStats>
  }

  async #call(method: keyof ControlPlane): Promise<unknown> {
    // A timer of its own for each call's lifetime keeps the loop alive until the answer is there.
    const alive = setInterval(() => {}, 1 << 30)
    let lost: (error: Error) => void = () => {}
    try {
      return await new Promise((resolve, reject) => {
        lost = reject
        this.#unanswered.add(lost)
        this.#remote ??= wrapPort(this.#port)
        this.#remote.then((remote): Promise<unknown> => remote[method]()).then(resolve, reject)
      })
    } finally {
      this.#unanswered.delete(lost)
      clearInterval(alive)
    }
  }
}

/** comlink is loaded by the first call only: most clients never make one. */
async function wrapPort(
  port: MessagePort,
): Promise<{ [K in keyof ControlPlane]: () => Promise<ReturnType<ControlPlane[K]>> }> {
  const [{ wrap }, { default: nodeEndpoint }] = await Promise.all([
    import('comlink'),
    import('comlink/dist/esm/node-adapter.mjs'),
  ])
  // Listening refers the port; what operations in flight have made of it is restored.
  const held = (port as MessagePort & { hasRef(): boolean }).hasRef()
  const remote = wrap<ControlPlane>(nodeEndpoint(port))
  if (!held) port.unref()
  // A comlink proxy answers to any property, `then` too: it must not be returned by itself.
  return {
    stats: () => remote.stats() as Promise<ActorStats>,
    clientStats: () => remote.clientStats() as Promise<ClientStats>,
  }
}
