import type { MessagePort } from 'node:worker_threads'
import { type ActorStats, actorHeading, type ClientStats, clientHeading } from '../trace/stats.ts'
import { withTable } from '../trace/table.ts'

/** The control plane: what the actor exposes on each client's port, through comlink. */
export interface ControlPlane {
  stats(): ActorStats
  clientStats(): ClientStats
}

type Remote = { [K in keyof ControlPlane]: () => Promise<ReturnType<ControlPlane[K]>> }

/** Calls the control plane; the process stays alive while a call is under way. */
export class Control {
  readonly #port: MessagePort
  readonly #failure: () => Error
  /** Calls under way: what their port's end leaves without an answer. */
  readonly #unanswered = new Set<(error: Error) => void>()
  #remote: Promise<Remote> | null = null

  /** `failure` tells why nothing can be asked any more, once the port has closed. */
  constructor(port: MessagePort, failure: () => Error) {
    this.#port = port
    this.#failure = failure
  }

  async stats(): Promise<ActorStats> {
    return withTable((await this.#call('stats')) as ActorStats, actorHeading)
  }

  async clientStats(): Promise<ClientStats> {
    return withTable((await this.#call('clientStats')) as ClientStats, clientHeading)
  }

  #wrap(): Promise<Remote> {
    // Only who asks is to hear of the end: see Disconnection.
    this.#port.on('close', () => {
      for (const reject of this.#unanswered) reject(this.#failure())
    })
    return wrapPort(this.#port)
  }

  async #call(method: keyof ControlPlane): Promise<unknown> {
    // A timer of its own for each call's lifetime keeps the loop alive until the answer is there.
    const alive = setInterval(() => {}, 1 << 30)
    let lost: (error: Error) => void = () => {}
    try {
      return await new Promise((resolve, reject) => {
        lost = reject
        this.#unanswered.add(lost)
        this.#remote ??= this.#wrap()
        this.#remote.then((remote): Promise<unknown> => remote[method]()).then(resolve, reject)
      })
    } finally {
      this.#unanswered.delete(lost)
      clearInterval(alive)
    }
  }
}

/** comlink is loaded by the first call only: most clients never make one. */
async function wrapPort(port: MessagePort): Promise<Remote> {
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
