import { explain } from './block.ts'
import { type Failure, MISMATCHES_KEPT, type Mismatch, type PhaseResult } from './shared.ts'
import { positionOf } from './workload-file.ts'

/** What one worker found wrong in one phase. */
export class Findings {
  readonly #phase: Mismatch['phase']
  readonly #worker: number
  readonly #first: Mismatch[] = []
  #mismatches = 0
  #failure: Failure | null = null

  constructor(phase: Mismatch['phase'], worker: number) {
    this.#phase = phase
    this.#worker = worker
  }

  /** A block in memory did not verify. */
  mismatch(words: Int32Array, at: number, block: number, version: number): void {
    this.#mismatches++
    if (this.#first.length === MISMATCHES_KEPT) return
    this.#first.push({
      block,
      position: positionOf(block),
      phase: this.#phase,
      worker: this.#worker,
      what: explain(words, at, block, version),
    })
  }

  /** The phase cannot go on. */
  failed(error: unknown): void {
    const { message, code } = error as NodeJS.ErrnoException
    this.#failure ??= { message, code }
  }

  result(): PhaseResult {
    return { mismatches: this.#mismatches, first: this.#first, failure: this.#failure }
  }
}
