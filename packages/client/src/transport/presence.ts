import type { MessagePort } from 'node:worker_threads'

/**
 * Keeps the process alive while operations are outstanding, and only then. A pending
 * Atomics.waitAsync does not do that (Node 20, 22 and 24 exit), so the control port is referenced:
 * it is a handle that every client has anyway.
 */
export class Presence {
  #port: MessagePort
  #held = false
  #ended = false

  constructor(port: MessagePort) {
    this.#port = port
    port.unref()
  }

  hold(): void {
    if (this.#held || this.#ended) return
    this.#held = true
    this.#port.ref()
  }

  release(): void {
    if (!this.#held) return
    this.#held = false
    this.#port.unref()
  }

  /** Closes the port: the actor hears of it, and nothing keeps the loop alive any more. */
  end(): void {
    this.#ended = true
    this.#held = false
    this.#port.close()
  }
}
