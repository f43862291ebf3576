import {
  CANCEL_NONE,
  CHANNEL_CANCEL_COUNT,
  cancelsWord,
  cancelWord,
  wordsOf,
} from '../protocol/index.ts'

/**
 * The client's side of its channel's cancel words: one for each operation slot, so that there is
 * always room to ask for a cancellation. A word names the generation that is to be cancelled; when
 * the count moves, the actor looks.
 */
export class CancelWords {
  #words: Int32Array
  #base: number
  #count = 0
  #unpublished = false

  constructor(channel: SharedArrayBuffer, capacity: number) {
    this.#words = wordsOf(channel)
    this.#base = cancelsWord(capacity)
  }

  request(slot: number, generation: number): void {
    this.#words[this.#base + slot] = cancelWord(generation)
    this.#unpublished = true
  }

  /** The operation has completed: its slot's word is for the next one. */
  withdraw(slot: number): void {
    this.#words[this.#base + slot] = CANCEL_NONE
  }

  /** Tells the actor to look; true when there was anything new to see. */
  publish(): boolean {
    if (!this.#unpublished) return false
    this.#unpublished = false
    this.#count = (this.#count + 1) | 0
    Atomics.store(this.#words, CHANNEL_CANCEL_COUNT, this.#count)
    return true
  }
}
