import {
  CHANNEL_REQUEST_TAIL,
  doublesOf,
  REQUEST_ADDR_HIGH,
  REQUEST_ADDR_LOW,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OFF_LOW,
  REQUEST_OPERATION,
  REQUEST_POSTED_F64,
  REQUEST_RW_FLAGS,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
  wordsOf,
} from '../protocol/index.ts'
import type { Operation } from './operation.ts'

/**
 * The producer's side of a channel's requests. Records are written ahead of the tail and become
 * the actor's all at once when `publish` stores it.
 *
 *   invariant:   0 <= written - taken by the actor <= outstanding operations <= capacity
 *
 * so a record that the actor has not taken is never overwritten, and no head need be read.
 */
export class RequestRing {
  #words: Int32Array
  #times: Float64Array
  readonly #posted: Float64Array
  #mask: number
  #tail = 0
  #published = 0

  /** `posted`: when each operation was called, by its slot. */
  constructor(channel: SharedArrayBuffer, capacity: number, posted: Float64Array) {
    this.#posted = posted
    this.#words = wordsOf(channel)
    this.#times = doublesOf(channel)
    this.#mask = capacity - 1
  }

  /** Requests written and not published yet. */
  get unpublished(): number {
    return (this.#tail - this.#published) | 0
  }

  /** Writes one record. `head` is the operation word: operation and request flags. */
  write(
    operation: Operation,
    head: number,
    fd: number,
    fdGeneration: number,
    offLow: number,
    offHigh: number,
    addrLow: number,
    addrHigh: number,
    len: number,
    rwFlags: number,
  ): void {
    const words = this.#words
    const at = REQUESTS_WORD + (this.#tail & this.#mask) * REQUEST_WORDS
    operation.posted = true
    words[at + REQUEST_OPERATION] = head
    words[at + REQUEST_FD] = fd
    words[at + REQUEST_OFF_LOW] = offLow
    words[at + REQUEST_OFF_HIGH] = offHigh
    words[at + REQUEST_ADDR_LOW] = addrLow
    words[at + REQUEST_ADDR_HIGH] = addrHigh
    words[at + REQUEST_LEN] = len
    words[at + REQUEST_RW_FLAGS] = rwFlags
    words[at + REQUEST_USER_LOW] = operation.slot
    words[at + REQUEST_USER_HIGH] = operation.generation
    words[at + REQUEST_FD_GENERATION] = fdGeneration
    this.#times[(at >> 1) + REQUEST_POSTED_F64] = this.#posted[operation.slot]
    this.#tail = (this.#tail + 1) | 0
  }

  /** Hands over everything written so far; true when that was anything. */
  publish(): boolean {
    if (this.#tail === this.#published) return false
    this.#published = this.#tail
    Atomics.store(this.#words, CHANNEL_REQUEST_TAIL, this.#tail)
    return true
  }
}
