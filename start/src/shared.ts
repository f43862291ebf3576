import type { RecordableHistogram } from 'node:perf_hooks'
import type { Mix } from './options.ts'

/** What the main thread and the workers say to each other. */

export const READ = 0
export const WRITE = 1
export const TRIM = 2
export const KINDS = ['read', 'write', 'trim'] as const
export type Kind = (typeof KINDS)[number]

/** The same for every worker and every phase; nothing but plain values and shared memory. */
export interface Plan {
  readonly path: string
  readonly direct: boolean
  readonly blocks: number
  readonly workers: number
  readonly depth: number
  readonly mix: Mix
  readonly seed: number
  readonly seconds: number
  /**
   * Uint32 for each block: the version it should have, 0 when it was trimmed. In the random phase
   * worker w owns the blocks n with n % workers == w, and nobody else touches them or their words.
   */
  readonly versions: SharedArrayBuffer
  /** See Board. */
  readonly board: SharedArrayBuffer
}

export interface Task {
  readonly plan: Plan
  readonly worker: number
}

/** A block that did not hold what it should. */
export interface Mismatch {
  readonly block: number
  /** First byte of the block in the file. */
  readonly position: number
  readonly phase: 'random' | 'last check'
  readonly worker: number
  readonly what: string
}

/** Why a worker gave up. Errors lose their code on the way between threads. */
export interface Failure {
  readonly message: string
  readonly code: string | undefined
}

/** What one worker did in one phase. */
export interface PhaseResult {
  mismatches: number
  /** The first of them. */
  first: Mismatch[]
  failure: Failure | null
}

/** One kind of operation in one worker's random phase. */
export interface KindResult {
  count: number
  /** Nanoseconds from the call to the continuation after it. */
  latency: RecordableHistogram
  busyMicros: number
  idleMicros: number
}

export interface RandomResult extends PhaseResult {
  /** Reads that had to be zeros, and were. */
  zeroReads: number
  kinds: KindResult[]
  /** Milliseconds since the process's time origin, the same clock for all threads. */
  began: number
  ended: number
}

/** A worker keeps so many mismatches; all are counted. */
export const MISMATCHES_KEPT = 10

/**
 * Shared memory for the progress line and the end: one stop word, and a counter for each worker on
 * cache lines of its own.
 */
export class Board {
  readonly memory: SharedArrayBuffer
  readonly #stop: Int32Array
  readonly #counters: Float64Array

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#stop = new Int32Array(memory, 0, 1)
    this.#counters = new Float64Array(memory)
  }

  static create(workers: number): Board {
    return new Board(new SharedArrayBuffer((workers + 1) * 128))
  }

  /** Asks all workers to finish what is in flight and return. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1)
  }

  get stopped(): boolean {
    return Atomics.load(this.#stop, 0) === 1
  }

  /** Only for show, so nothing orders it: operations, or bytes, that this worker has done. */
  setDone(worker: number, value: number): void {
    this.#counters[(worker + 1) * 16] = value
  }

  /** The sum over all workers. */
  get done(): number {
    let sum = 0
    for (let at = 16; at < this.#counters.length; at += 16) sum += this.#counters[at]!
    return sum
  }

  /** Back to zero, for the next phase. */
  clearDone(): void {
    this.#counters.fill(0, 16)
  }
}
