import assert from 'node:assert/strict'
import {
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_TAIL,
  CHANNEL_STATE,
  COMPLETION_RES,
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
  completionsWord,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_WRITE,
  REQUEST_ADDR_LOW,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_LEN,
  REQUEST_OPERATION,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import type { Random } from './random.ts'
import { CAPACITY, type Member, type World } from './world.ts'

const KINDS: readonly number[] = [OPERATION_NOP, OPERATION_READ, OPERATION_WRITE, OPERATION_STAT]

/** A client that keeps to the rules, among others that do not: each of its requests is answered once. */
export class Victim {
  readonly member: Member
  completed = 0
  #expected = new Map<number, number>()
  #random: Random
  #file: { slot: number; generation: number }
  #tail = 0
  #head = 0

  constructor(world: World, random: Random) {
    this.member = world.newMember()
    this.#random = random
    const slot = world.connect(this.member)
    const [file] = world.files.ofChannel(slot)
    this.#file = file!
  }

  /** Posts some requests, while there is room. */
  post(): void {
    const { words } = this.member
    for (let left = this.#random.below(4); left > 0; left--) {
      if (this.#expected.size === CAPACITY) break
      const at = REQUESTS_WORD + (this.#tail & (CAPACITY - 1)) * REQUEST_WORDS
      const kind = this.#random.from(KINDS)
      const length = 1 + this.#random.below(4096)
      words.fill(0, at, at + REQUEST_WORDS)
      words[at + REQUEST_OPERATION] = kind
      words[at + REQUEST_FD] = this.#file.slot
      words[at + REQUEST_FD_GENERATION] = this.#file.generation
      words[at + REQUEST_ADDR_LOW] = 4096 * this.#random.below(255)
      words[at + REQUEST_LEN] = length
      words[at + REQUEST_USER_LOW] = this.#tail
      words[at + REQUEST_USER_HIGH] = ~this.#tail
      const transfer = kind === OPERATION_READ || kind === OPERATION_WRITE
      this.#expected.set(this.#tail, transfer ? length : 0)
      this.#tail = (this.#tail + 1) | 0
    }
    Atomics.store(words, CHANNEL_REQUEST_TAIL, this.#tail)
  }

  take(): void {
    const { words } = this.member
    assert.equal(words[CHANNEL_STATE], 1, 'still attached')
    const tail = Atomics.load(words, CHANNEL_COMPLETION_TAIL)
    for (; this.#head !== tail; this.#head = (this.#head + 1) | 0) {
      const at = completionsWord(CAPACITY) + (this.#head & (CAPACITY - 1)) * COMPLETION_WORDS
      const user = words[at + COMPLETION_USER_LOW]!
      assert.equal(words[at + COMPLETION_USER_HIGH], ~user)
      assert.equal(words[at + COMPLETION_RES], this.#expected.get(user), `operation ${user}`)
      this.#expected.delete(user)
      this.completed++
    }
    Atomics.store(words, CHANNEL_COMPLETION_HEAD, this.#head)
  }

  get outstanding(): number {
    return this.#expected.size
  }
}
