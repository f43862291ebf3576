import { availableParallelism } from 'node:os'
import { HEADER_CROWDED } from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'

/** So long are clients watched before they are counted, in microseconds. */
const WINDOW_MICROS = 4000
/**
 * A client counts from so many requests on that the actor finds at a time. What has fewer is soon done:
 * a thread that sleeps for it would be woken for each, which takes more of a processor than looking.
 */
const AT_A_TIME = 4

/**
 * Whether more threads are at work than there are processors: the clients that have posted in the last
 * few milliseconds, many requests at a time, and the actor. A thread that looks for work instead of
 * sleeping then has a processor that another one needs to get that work done, so nobody looks.
 *
 *   crowded   <=>   clients at work + 1 > processors
 */
export class Crowding {
  /** As the actor has found it. The header tells clients; what stands there is not believed. */
  crowded = false
  readonly #header: Int32Array
  readonly #channels: ReadonlyArray<Channel | null>
  readonly #processors: number
  /** What each slot's channel had taken when it was looked at last, and in how many turns. */
  readonly #taken: Float64Array
  readonly #turns: Float64Array
  #looked = 0

  constructor(
    header: Int32Array,
    channels: ReadonlyArray<Channel | null>,
    processors: number = availableParallelism(),
  ) {
    this.#header = header
    this.#channels = channels
    this.#processors = processors
    this.#taken = new Float64Array(channels.length)
    this.#turns = new Float64Array(channels.length)
  }

  /** Called at every turn of the event loop, at a time in microseconds. */
  look(now: number): void {
    if (now - this.#looked < WINDOW_MICROS) return
    this.#looked = now
    let working = 0
    for (let slot = 0; slot < this.#channels.length; slot++) {
      const channel = this.#channels[slot]
      if (!channel) continue
      const taken = channel.taken - this.#taken[slot]!
      const turns = channel.turns - this.#turns[slot]!
      // Both are below 0 when the slot's client is another one.
      if (turns > 0 && taken >= AT_A_TIME * turns) working++
      this.#taken[slot] = channel.taken
      this.#turns[slot] = channel.turns
    }
    this.crowded = working + 1 > this.#processors
    Atomics.store(this.#header, HEADER_CROWDED, this.crowded ? 1 : 0)
  }
}
