import { RecordChunks } from '@uring-actor/client/internal'
import {
  BATCH_CALLED,
  BATCH_COMPLETED,
  BATCH_ENDED,
  BATCH_F64,
  BATCH_STARTED,
  BATCH_SUBMITTED,
  BATCH_TAKEN,
} from '@uring-actor/client/protocol'

/** Records the loop's batches for a trace file, one row each; they do not overlap. */
export class BatchRows {
  #chunks: RecordChunks | null = null
  /** When the batch began that is recorded next, in microseconds. */
  #began = 0
  /** Operations taken since then. */
  taken = 0

  /** True while batches are recorded. */
  get recording(): boolean {
    return this.#chunks !== null
  }

  /** Records from now on; `hand` gets full chunks, and others after a while. */
  start(hand: (records: Float64Array) => void): void {
    this.end()
    // Nobody has to wait for what this thread holds: it is handed on at the end.
    this.#chunks = new RecordChunks(BATCH_F64, new Int32Array(1), 0, hand)
  }

  /** Hands on what was recorded; nothing more is. */
  end(): void {
    this.#chunks?.end()
    this.#chunks = null
  }

  /** The loop begins a cycle. */
  began(now: number): void {
    this.#began = now
    this.taken = 0
  }

  /** A batch has ended that called the engine at `called`; times are in microseconds. */
  ended(called: number, now: number, submitted: number, completed: number): void {
    const chunks = this.#chunks
    if (chunks === null) return
    const at = chunks.next(now)
    const { rows } = chunks
    rows[at + BATCH_STARTED] = this.#began
    rows[at + BATCH_CALLED] = called
    rows[at + BATCH_ENDED] = now
    rows[at + BATCH_TAKEN] = this.taken
    rows[at + BATCH_SUBMITTED] = submitted
    rows[at + BATCH_COMPLETED] = completed
    this.began(now)
  }
}
