import { writeSync } from 'node:fs'
import {
  type ActorAddress,
  CHANNEL_SLOT,
  HEADER_DIRTY,
  HEADER_STATE,
  STATE_BLOCKED,
  STATE_PARKED,
  STATE_RUNNING,
  wordsOf,
} from '../protocol/index.ts'

/** What an eventfd counts: one. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer)

const NO_SLOT_YET = -1

/**
 * Tells the actor that a channel has work: sets the channel's dirty bit, and wakes the actor if it
 * sleeps.
 *
 * No wake-up is lost: the client stores the tail, sets the bit, then reads the state; the actor
 * stores the state, then reads bits and tails again, then sleeps. All of these are sequentially
 * consistent, so at least one of the two sees the other. The compare-exchange lets exactly one
 * client of many pay for the wake-up.
 */
export class Doorbell {
  #header: Int32Array
  #channel: Int32Array
  #eventFd: number
  #slots: number
  /** This channel's bit, once the actor has told it. */
  #slot: number = NO_SLOT_YET

  constructor(address: ActorAddress, channel: SharedArrayBuffer) {
    this.#header = wordsOf(address.header)
    this.#channel = wordsOf(channel)
    this.#eventFd = address.doorbell
    this.#slots = address.limits.maxClients
  }

  /** Call after publishing. False when the channel names a slot that no actor gives. */
  ring(): boolean {
    // The actor writes slot + 1 when it attaches the channel and looks at it right afterwards.
    const slot = this.#slot < 0 ? this.#readSlot() : this.#slot
    if (slot === NO_SLOT_YET) return true
    if (slot < 0 || slot >= this.#slots) return false
    const header = this.#header
    const word = HEADER_DIRTY + (slot >> 5)
    const bit = 1 << (slot & 31)
    if ((Atomics.load(header, word) & bit) === 0) Atomics.or(header, word, bit)
    const state = Atomics.load(header, HEADER_STATE)
    if (state !== STATE_RUNNING) this.#wake(state)
    return true
  }

  /**
   * Rings again, for who has waited long: whatever another thread has written over the bitmap or the state
   * since this client rang first, an actor that sleeps in its event loop looks. In the kernel it never sleeps long.
   */
  insist(): void {
    this.ring()
    Atomics.notify(this.#header, HEADER_STATE)
  }

  #readSlot(): number {
    this.#slot = Atomics.load(this.#channel, CHANNEL_SLOT) - 1
    return this.#slot
  }

  #wake(state: number): void {
    if (Atomics.compareExchange(this.#header, HEADER_STATE, state, STATE_RUNNING) !== state) return
    if (state === STATE_PARKED) {
      Atomics.notify(this.#header, HEADER_STATE)
    } else if (state === STATE_BLOCKED && this.#eventFd >= 0) {
      // The eventfd lives as long as the process, so its number can never be another file's.
      writeSync(this.#eventFd, ONE)
    }
  }
}
