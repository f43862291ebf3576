import {
  CHANNEL_CANCEL_COUNT,
  CHANNEL_CLIENT_STATE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_HEAD,
  CHANNEL_REQUEST_TAIL,
  CHANNEL_SLOT,
  CHANNEL_STATE,
  cancelsWord,
  cancelWord,
  OPERATION_LIMIT,
  REQUEST_ADDR_HIGH,
  REQUEST_ADDR_LOW,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_FLAGS_SHIFT,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OPERATION,
  REQUEST_RW_FLAGS,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
  ringLength,
} from '@uring-actor/client/protocol'
import type { OpenFile } from '#dist/files/file-table.js'
import type { Random } from './random.ts'
import { ARENA_BYTES, CAPACITY, type Member } from './world.ts'

/** Values near a bound of something. */
const EDGES: readonly number[] = [
  ...[ARENA_BYTES, ARENA_BYTES - 1, ARENA_BYTES - 8, ARENA_BYTES - 128, ARENA_BYTES >> 1],
  ...[2 ** 20, 2 ** 20 - 1, 2 ** 20 - 8, 2 ** 21, 4095, 4096, 4097, CAPACITY, CAPACITY + 1],
  ...[-1, -8, -4096, 2 ** 31 - 1, -(2 ** 31), 2 ** 30, 0xffff, 0o7777],
]
const FLAGS: readonly number[] = [1, 2, 2, 3, 4, 8, 255]
const CONTROL_WORDS: readonly number[] = [
  ...[CHANNEL_REQUEST_TAIL, CHANNEL_REQUEST_HEAD, CHANNEL_COMPLETION_TAIL, CHANNEL_COMPLETION_HEAD],
  ...[CHANNEL_CLIENT_STATE, CHANNEL_STATE, CHANNEL_SLOT, 0, 1, 2],
  CHANNEL_CANCEL_COUNT,
]

/** Writes into a channel what no honest client would, and what one would, so that both get far. */
export class Mutator {
  /** Words written. */
  mutations = 0
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** A round on one channel: some words anywhere, or requests and the tail that covers them. */
  mutate({ words }: Member, files: readonly OpenFile[]): void {
    const random = this.#random
    if (random.oneIn(100)) {
      const word = random.from(CONTROL_WORDS)
      const near = words[word]! + random.below(2 * CAPACITY) - CAPACITY
      this.#store(words, word, random.oneIn(2) ? near : this.#value())
    } else if (random.oneIn(4)) {
      for (let left = random.below(16); left > 0; left--) {
        this.#store(
          words,
          REQUESTS_WORD + random.below(words.length - REQUESTS_WORD),
          this.#value(),
        )
      }
    }
    if (random.oneIn(2)) this.#cancel(words)
    const tail = words[CHANNEL_REQUEST_TAIL]!
    // As many as there is room for, most of the time: who posts more is shut out at once.
    const room = CAPACITY - ringLength(words[CHANNEL_REQUEST_HEAD]!, tail)
    const wanted = random.below(CAPACITY)
    const count = random.oneIn(64) ? wanted : Math.max(0, Math.min(wanted, room))
    for (let index = 0; index < count; index++) this.#request(words, tail + index, files)
    this.#store(words, CHANNEL_REQUEST_TAIL, (tail + count) | 0)
    // Completions are taken, most of the time, or there would soon be no room.
    if (!random.oneIn(8)) {
      const wrong = random.oneIn(100) ? random.below(2 * CAPACITY) - CAPACITY : 0
      this.#store(words, CHANNEL_COMPLETION_HEAD, words[CHANNEL_COMPLETION_TAIL]! + wrong)
    }
  }

  /** One in four is nothing but noise; the others are good but for a word or two. */
  #request(words: Int32Array, tail: number, files: readonly OpenFile[]): void {
    const random = this.#random
    const at = REQUESTS_WORD + (tail & (CAPACITY - 1)) * REQUEST_WORDS
    for (let word = 0; word < REQUEST_WORDS; word++) this.#store(words, at + word, this.#value())
    if (random.oneIn(4)) return
    const file = files[random.below(files.length)]
    const flags = random.oneIn(6) ? random.from(FLAGS) : 0
    words[at + REQUEST_OPERATION] = random.below(OPERATION_LIMIT) | (flags << REQUEST_FLAGS_SHIFT)
    words[at + REQUEST_FD] = file?.slot ?? 0
    words[at + REQUEST_FD_GENERATION] = file?.generation ?? 0
    words[at + REQUEST_OFF_HIGH] = 0
    words[at + REQUEST_ADDR_LOW] = random.below(ARENA_BYTES) & -8
    words[at + REQUEST_ADDR_HIGH] = 0
    words[at + REQUEST_LEN] = random.below(4096)
    words[at + REQUEST_RW_FLAGS] = random.below(8)
    if (random.oneIn(8)) words[at + REQUEST_ADDR_LOW] = ARENA_BYTES - 8 * random.below(20)
    if (random.oneIn(8)) words[at + REQUEST_LEN] = 0
    words[at + REQUEST_USER_LOW] = random.below(CAPACITY)
    words[at + REQUEST_USER_HIGH] = random.below(4)
    while (random.oneIn(2)) this.#store(words, at + random.below(REQUEST_WORDS), this.#value())
  }

  /** Cancel words that may be those of operations, or of none; the count moves with them or not. */
  #cancel(words: Int32Array): void {
    const random = this.#random
    for (let left = random.below(8); left > 0; left--) {
      const value = random.oneIn(8) ? this.#value() : cancelWord(random.below(4))
      this.#store(words, cancelsWord(CAPACITY) + random.below(CAPACITY), value)
    }
    const count = words[CHANNEL_CANCEL_COUNT]!
    this.#store(words, CHANNEL_CANCEL_COUNT, random.oneIn(16) ? this.#value() : (count + 1) | 0)
  }

  #store(words: Int32Array, at: number, value: number): void {
    this.mutations++
    Atomics.store(words, at, value)
  }

  #value(): number {
    const random = this.#random
    const kind = random.below(4)
    if (kind === 0) return random.from(EDGES)
    if (kind === 1) return random.below(72)
    return random.next() | 0
  }
}
