import {
  CHANNEL_CLIENT_STATE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_STATE,
  CLIENT_AWAKE,
  CLIENT_WAITING,
  COMPLETION_WORDS,
  completionsWord,
  doublesOf,
  wordsOf,
} from '../protocol/index.ts'

/**
 * The consumer's side of a channel's completions, and the only place where a client waits.
 *
 * No wake-up is lost: the client stores WAITING, then reads the tail again, then waits on that very
 * word; the actor stores the tail, then reads the word, and if it is WAITING clears it and
 * notifies. A wait begun after the clearing returns at once.
 */
export class CompletionRing {
  readonly words: Int32Array
  readonly times: Float64Array
  #base: number
  #mask: number
  #head = 0

  constructor(channel: SharedArrayBuffer, capacity: number) {
    this.words = wordsOf(channel)
    this.times = doublesOf(channel)
    this.#base = completionsWord(capacity)
    this.#mask = capacity - 1
  }

  /** How many completions are there to take. */
  available(): number {
    return (Atomics.load(this.words, CHANNEL_COMPLETION_TAIL) - this.#head) >>> 0
  }

  /** Word index of a completion, counted from the next one on. */
  wordOf(index: number): number {
    return this.#base + ((this.#head + index) & this.#mask) * COMPLETION_WORDS
  }

  /** Passes over the record at `wordOf(0)`; the actor may use it again after `giveBack()`. */
  advance(): void {
    this.#head = (this.#head + 1) | 0
  }

  giveBack(): void {
    Atomics.store(this.words, CHANNEL_COMPLETION_HEAD, this.#head)
  }

  /** CHANNEL_ATTACHING, ATTACHED, DETACHED, POISONED or REFUSED, as the actor says. */
  channelState(): number {
    return Atomics.load(this.words, CHANNEL_STATE)
  }

  /** Blocks this thread until a completion may be there, at most so long. */
  waitSync(milliseconds: number): void {
    Atomics.store(this.words, CHANNEL_CLIENT_STATE, CLIENT_WAITING)
    if (this.available() === 0) {
      Atomics.wait(this.words, CHANNEL_CLIENT_STATE, CLIENT_WAITING, milliseconds)
    }
    // An asynchronous waiter of the same thread may still stand on the word: it stays WAITING
    // for it if nobody has notified yet, and costs one superfluous wake-up otherwise.
  }

  /**
   * Resolves when a completion may be there. Null when one is there already. There must be no
   * other asynchronous waiter: each unnotified one costs memory.
   */
  waitAsync(): Promise<unknown> | null {
    Atomics.store(this.words, CHANNEL_CLIENT_STATE, CLIENT_WAITING)
    if (this.available() > 0) {
      Atomics.store(this.words, CHANNEL_CLIENT_STATE, CLIENT_AWAKE)
      return null
    }
    const wait = Atomics.waitAsync(this.words, CHANNEL_CLIENT_STATE, CLIENT_WAITING)
    return wait.async ? wait.value : null
  }

  /** Ends the waits of this thread, so that no waiter is left behind. */
  wakeSelf(): void {
    Atomics.store(this.words, CHANNEL_CLIENT_STATE, CLIENT_AWAKE)
    Atomics.notify(this.words, CHANNEL_CLIENT_STATE)
  }
}
