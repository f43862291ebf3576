import { CHANNEL_ABANDONED, HEADER_CLIENTS, settleAttaching, wordsOf } from '../protocol/index.ts'

/**
 * A client's place among those that the actor has room for. The client counts itself before the actor
 * has heard of it, and whoever lets it go takes it off the count.
 *
 * Between the two a thread may exit. Its message goes by way of the main thread, and node throws it
 * away when the main thread hears of the thread's end first: then the actor never hears of the client.
 * So client and actor change the channel's state from ATTACHING by a compare-exchange, and the one that
 * does has the place.
 */
export class Place {
  readonly #header: Int32Array
  readonly #channel: Int32Array
  #taken = false

  constructor(header: SharedArrayBuffer, channel: SharedArrayBuffer) {
    this.#header = wordsOf(header)
    this.#channel = wordsOf(channel)
  }

  /** False when all `maxClients` places are taken. */
  take(maxClients: number): boolean {
    if (Atomics.add(this.#header, HEADER_CLIENTS, 1) >= maxClients) {
      Atomics.sub(this.#header, HEADER_CLIENTS, 1)
      return false
    }
    this.#taken = true
    return true
  }

  /** Gives the place back, unless the actor has heard of the client: then it does so itself. */
  abandon(): void {
    if (!this.#taken) return
    this.#taken = false
    if (settleAttaching(this.#channel, CHANNEL_ABANDONED)) {
      Atomics.sub(this.#header, HEADER_CLIENTS, 1)
    }
  }
}
