import { nowMicros, OPERATION_LIMIT, OPERATION_NAMES } from '../protocol/index.ts'

/** What one kind of operation came to, in this client. Times are sums, in microseconds. */
export interface KindLatency {
  readonly count: number
  readonly errors: number
  readonly bytes: number
  /** From the post to the delivery. */
  readonly totalMicros: number
  /** Time that our code spent on these operations, on this thread and the actor's. */
  readonly busyMicros: number
}

const FIELDS = 5
const COUNT = 0
const ERRORS = 1
const BYTES = 2
const TOTAL = 3
const BUSY = 4

/** One post of so many is timed; the others count as much as it did. */
const SAMPLE_MASK = 15

/**
 * Sums of latencies by kind of operation. Delivering is timed a batch at a time and posting by
 * samples, so that an operation costs no clock reading here.
 */
export class Latency {
  #sums = new Float64Array(OPERATION_LIMIT * FIELDS)
  #posts = 0
  #sampleAt = 0
  /** Microseconds that a post and a delivery take, smoothed. */
  #postShare = 0.3
  #deliveryShare = 0.3

  /** An operation is claimed: its posting begins. */
  claimed(): void {
    this.#posts++
    this.#sampleAt = (this.#posts & SAMPLE_MASK) === 0 ? nowMicros() : 0
  }

  /** It was written into the channel. */
  posted(): void {
    if (this.#sampleAt === 0) return
    const micros = nowMicros() - this.#sampleAt
    this.#sampleAt = 0
    // A turn of the scheduler in between is not our code.
    if (micros < 50) this.#postShare += (micros - this.#postShare) / 16
  }

  /** A batch of completions was delivered in so many microseconds. */
  delivered(count: number, micros: number): void {
    const share = micros / count
    if (share < 50) this.#deliveryShare += (share - this.#deliveryShare) / 16
  }

  /** One completion: its result, its latency, and the actor's time for it. */
  record(kind: number, res: number, totalMicros: number, actorMicros: number): void {
    const sums = this.#sums
    const at = kind * FIELDS
    sums[at + COUNT]++
    if (res < 0) sums[at + ERRORS]++
    else sums[at + BYTES] += res
    const busy = actorMicros + this.#postShare + this.#deliveryShare
    sums[at + TOTAL] += totalMicros
    sums[at + BUSY] += Math.min(busy, totalMicros)
  }

  /** By the operation's name; only kinds that occurred. `bytes` counts for reads and writes. */
  snapshot(): Record<string, KindLatency> {
    const kinds: Record<string, KindLatency> = {}
    for (let kind = 1; kind < OPERATION_LIMIT; kind++) {
      const at = kind * FIELDS
      if (this.#sums[at + COUNT] === 0) continue
      kinds[OPERATION_NAMES[kind]] = {
        count: this.#sums[at + COUNT],
        errors: this.#sums[at + ERRORS],
        bytes: this.#sums[at + BYTES],
        totalMicros: this.#sums[at + TOTAL],
        busyMicros: this.#sums[at + BUSY],
      }
    }
    return kinds
  }
}
