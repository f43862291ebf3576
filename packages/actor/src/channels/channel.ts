import type { MessagePort } from 'node:worker_threads'
import {
  CACHED_BYTES,
  CACHED_READS,
  CHANNEL_ATTACHED,
  CHANNEL_CANCEL_COUNT,
  CHANNEL_CLIENT_STATE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_HEAD,
  CHANNEL_REQUEST_TAIL,
  CHANNEL_SLOT,
  CHANNEL_STATE,
  CLIENT_AWAKE,
  CLIENT_WAITING,
  COMPLETION_BUSY_F64,
  COMPLETION_COMPLETED_F64,
  COMPLETION_EXTRA,
  COMPLETION_FLAGS,
  COMPLETION_RES,
  COMPLETION_SUBMITTED_F64,
  COMPLETION_TAKEN_F64,
  COMPLETION_USER_HIGH,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
  type ConnectMessage,
  cancelsWord,
  cancelWord,
  completionsWord,
  doublesOf,
  nowMicros,
  REQUEST_WORDS,
  REQUESTS_WORD,
  ringLength,
  settleAttaching,
  wordsOf,
} from '@uring-actor/client/protocol'
import { Counts } from './counts.ts'

/**
 * Completions that a waiting client is woken for while more are coming: at least so many, and half
 * of what is still to come, so that it is woken a few times only for what it posted at once.
 */
const WOKEN_TOGETHER = 8
const MOST_WOKEN_TOGETHER = 128

/**
 * The actor's side of one client's channel. Every index is kept here: what the client's words say
 * is checked against these, and never taken for them.
 *
 *   invariant:   in flight + completions not taken by the client <= capacity
 *
 * so there is always room to publish a completion.
 */
export class Channel {
  readonly slot: number
  readonly capacity: number
  readonly words: Int32Array
  readonly arena: Uint8Array
  readonly port: MessagePort
  readonly threadId: number
  /** Operations taken and not completed. */
  inFlight = 0
  /** A drain was taken: nothing more is, until it has completed. */
  holding = false
  /** The client is gone, or broke the protocol: nothing more is taken. */
  dead = false
  /** Cleaning up has begun. */
  ending = false
  /** In the loop's list of channels that may have requests. */
  ready = false
  /** Completions were written and not published. */
  dirty = false
  /** Requests are still to be taken that were posted before a cancellation: it may be theirs. */
  checksCancels = false
  taken = 0
  /** Times that requests were taken. */
  turns = 0
  completed = 0
  errors = 0
  wakes = 0
  /** Of what was completed: reads that the client has made itself, as of the last look. */
  cachedReads = 0
  #cachedBytes = 0
  /** What was completed, by kind. */
  readonly counts: Counts = new Counts()
  /** What the client says of the times of its operations. It may have written anything there. */
  readonly trace: Float64Array
  readonly traceMemory: SharedArrayBuffer
  /** Under what its files are offered to its thread. */
  readonly owner: number
  /** The process's clients are counted from 1 on. */
  readonly id: number
  readonly connectedAt: number = nowMicros()
  #times: Float64Array
  #completions: number
  readonly #cancels: number
  #cancelCount = 0
  /** The request tail when cancellations were looked at last. */
  #cancelsUntil = 0
  #requestHead = 0
  #completionTail = 0
  /** The completion tail when the client was woken last, or was seen awake. */
  #wokenAt = 0
  /** Requests of this client that were left for the next cycle. */
  #coming = 0
  #wakeIsDue = false

  constructor(
    slot: number,
    capacity: number,
    { channel, arena, trace, port, owner, threadId }: Omit<ConnectMessage, 'kind'>,
    id: number,
  ) {
    this.slot = slot
    this.capacity = capacity
    this.words = wordsOf(channel)
    this.#times = doublesOf(channel)
    this.#completions = completionsWord(capacity)
    this.#cancels = cancelsWord(capacity)
    this.arena = new Uint8Array(arena, 0, arena.byteLength)
    this.trace = doublesOf(trace)
    this.traceMemory = trace
    this.port = port
    this.id = id
    this.owner = owner
    this.threadId = threadId
  }

  /** Requests that can be taken now: 0 also when completions have no room. -1: protocol broken. */
  available(): number {
    const words = this.words
    const posted = ringLength(this.#requestHead, Atomics.load(words, CHANNEL_REQUEST_TAIL))
    if (posted === 0) return 0
    if (posted > this.capacity) return -1
    const head = Atomics.load(words, CHANNEL_COMPLETION_HEAD)
    const untaken = ringLength(head, this.#completionTail)
    if (untaken > this.capacity) return -1
    const room = this.capacity - untaken - this.inFlight
    // An honest client has given its completions' place back before it posts into it.
    return room < 0 ? -1 : Math.min(posted, room)
  }

  /** Word index of the `index`th request that was not taken. */
  requestAt(index: number): number {
    return REQUESTS_WORD + ((this.#requestHead + index) & (this.capacity - 1)) * REQUEST_WORDS
  }

  /** Passes over `count` requests; the client may use their slots again. */
  advance(count: number): void {
    this.#requestHead = (this.#requestHead + count) | 0
    this.inFlight += count
    this.taken += count
  }

  giveBack(): void {
    this.turns++
    if (this.checksCancels) {
      this.checksCancels = ((this.#requestHead - this.#cancelsUntil) | 0) < 0
    }
    Atomics.store(this.words, CHANNEL_REQUEST_HEAD, this.#requestHead)
  }

  /** The client has asked for a cancellation since they were looked at last. */
  hasCancels(): boolean {
    return Atomics.load(this.words, CHANNEL_CANCEL_COUNT) !== this.#cancelCount
  }

  /** Cancellations are looked at now: those of requests that were not taken, when they are. */
  lookAtCancels(): void {
    this.#cancelCount = Atomics.load(this.words, CHANNEL_CANCEL_COUNT)
    this.#cancelsUntil = Atomics.load(this.words, CHANNEL_REQUEST_TAIL)
    this.checksCancels = true
  }

  /** Whether the client wants the operation of this slot and generation cancelled. */
  wantsCancelled(userLow: number, userHigh: number): boolean {
    const inRange = userLow >= 0 && userLow < this.capacity
    return inRange && this.words[this.#cancels + userLow] === cancelWord(userHigh)
  }

  /** Writes one completion; it is the client's after `publish`. */
  complete(
    userLow: number,
    userHigh: number,
    res: number,
    extra: number,
    flags: number,
    taken: number,
    submitted: number,
    completed: number,
    busy: number,
  ): void {
    const words = this.words
    const at = this.#completions + (this.#completionTail & (this.capacity - 1)) * COMPLETION_WORDS
    words[at + COMPLETION_USER_LOW] = userLow
    words[at + COMPLETION_USER_HIGH] = userHigh
    words[at + COMPLETION_RES] = res
    words[at + COMPLETION_FLAGS] = flags
    words[at + COMPLETION_EXTRA] = extra
    const times = this.#times
    const time = at >> 1
    times[time + COMPLETION_TAKEN_F64] = taken
    times[time + COMPLETION_SUBMITTED_F64] = submitted
    times[time + COMPLETION_COMPLETED_F64] = completed
    times[time + COMPLETION_BUSY_F64] = busy
    this.#completionTail = (this.#completionTail + 1) | 0
    this.inFlight--
    this.completed++
    if (res < 0) this.errors++
    this.dirty = true
  }

  /**
   * Hands the completions written so far to the client and wakes it if it waits. The tail is stored
   * before the client's state is read, and the client does the two the other way round, so one
   * of both always sees the other. While more requests of the client are about to be done, it is
   * woken only for several completions: a wake-up costs more than a cached read.
   */
  publish(): void {
    this.dirty = false
    const words = this.words
    Atomics.store(words, CHANNEL_COMPLETION_TAIL, this.#completionTail)
    if (Atomics.load(words, CHANNEL_CLIENT_STATE) !== CLIENT_WAITING) {
      this.#wokenAt = this.#completionTail
      return
    }
    const unseen = ringLength(this.#wokenAt, this.#completionTail)
    if (this.#coming > 0 && unseen < this.#worthWaking()) this.#wakeIsDue = true
    else this.wake()
  }

  #worthWaking(): number {
    return Math.max(WOKEN_TOGETHER, Math.min(MOST_WOKEN_TOGETHER, this.#coming >> 1))
  }

  /** How many requests were left for the next cycle; when none were, nobody is kept waiting. */
  expectMore(coming: number): void {
    this.#coming = coming
    if (coming > 0 || !this.#wakeIsDue) return
    this.#wakeIsDue = false
    if (Atomics.load(this.words, CHANNEL_CLIENT_STATE) === CLIENT_WAITING) this.wake()
  }

  /**
   * Counts what the client has read from the page cache itself since the last look. It may have written
   * anything there: what cannot be true is not believed.
   */
  lookAtCachedReads(): void {
    const reads = this.trace[CACHED_READS] - this.cachedReads
    const bytes = this.trace[CACHED_BYTES] - this.#cachedBytes
    if (!Number.isSafeInteger(reads) || !Number.isSafeInteger(bytes)) return
    if (reads < 0 || bytes < 0) return
    this.cachedReads += reads
    this.#cachedBytes += bytes
    this.completed += reads
    this.counts.addReads(reads, bytes)
  }

  wake(): void {
    this.#wakeIsDue = false
    this.#wokenAt = this.#completionTail
    Atomics.store(this.words, CHANNEL_CLIENT_STATE, CLIENT_AWAKE)
    Atomics.notify(this.words, CHANNEL_CLIENT_STATE)
    this.wakes++
  }

  /**
   * Tells the client its dirty bit, and that the actor has it; requests posted before are looked at
   * right afterwards. False when the client's thread has exited, and given its place back itself.
   */
  attach(): boolean {
    Atomics.store(this.words, CHANNEL_SLOT, this.slot + 1)
    if (!settleAttaching(this.words, CHANNEL_ATTACHED)) return false
    this.wake()
    return true
  }

  /** Tells the client what became of the channel. */
  setState(state: number): void {
    Atomics.store(this.words, CHANNEL_STATE, state)
    this.wake()
  }
}
