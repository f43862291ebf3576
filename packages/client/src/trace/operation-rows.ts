import {
  CHUNK_PATHS_MAX,
  COMPLETION_COMPLETED_F64,
  COMPLETION_SUBMITTED_F64,
  COMPLETION_TAKEN_F64,
  METRIC_BUSY,
  RECORD_BUSY,
  RECORD_COMPLETED,
  RECORD_DELIVERED,
  RECORD_F64,
  RECORD_FILE,
  RECORD_FLAGS,
  RECORD_LENGTH,
  RECORD_OPERATION,
  RECORD_POSITION,
  RECORD_POSTED,
  RECORD_RES,
  RECORD_SUBMITTED,
  RECORD_TAKEN,
  TRACE_HELD,
  wordsOf,
} from '../protocol/index.ts'
import { fileOf, lengthOf, type Places, positionOf } from './description.ts'
import { RecordChunks } from './record-chunks.ts'
import type { Recorder } from './recorder.ts'
import type { Traced } from './traced.ts'

/** Takes a chunk of rows, and the paths that they name. */
export type HandOn = (records: Float64Array, files: readonly string[]) => void

/** Records this client's operations for a trace file, one row each. */
export class OperationRows {
  readonly #chunks: RecordChunks
  readonly #recorder: Recorder
  /** When each operation was called, by its slot. */
  readonly #posted: Float64Array
  readonly #places: Places
  /** The paths that rows of the chunk name, each with its index, and how long they are together. */
  readonly #files = new Map<string, number>()
  #fileUnits = 0

  /** `hand` gets full chunks, and others after a while. */
  constructor(recorder: Recorder, posted: Float64Array, places: Places, hand: HandOn) {
    this.#recorder = recorder
    this.#posted = posted
    this.#places = places
    const words = wordsOf(recorder.memory)
    this.#chunks = new RecordChunks(RECORD_F64, words, TRACE_HELD, (records) => {
      const files = [...this.#files.keys()]
      this.#files.clear()
      this.#fileUnits = 0
      hand(records, files)
    })
  }

  /** Records what the recorder has recorded last; its times stand at `at` of `times`. */
  record(operation: Traced, res: number, flags: number, times: Float64Array, at: number): void {
    const busy = this.#recorder.last[METRIC_BUSY]
    const now = this.#recorder.now[0]
    const path = fileOf(operation, this.#places)
    if (path !== undefined && this.#fileUnits + path.length > CHUNK_PATHS_MAX) this.handOn()
    const to = this.#chunks.next(now)
    const { rows } = this.#chunks
    rows[to + RECORD_OPERATION] = operation.kind
    rows[to + RECORD_RES] = res
    rows[to + RECORD_FLAGS] = flags
    rows[to + RECORD_POSTED] = this.#posted[operation.slot]
    rows[to + RECORD_TAKEN] = times[at + COMPLETION_TAKEN_F64]
    rows[to + RECORD_SUBMITTED] = times[at + COMPLETION_SUBMITTED_F64]
    rows[to + RECORD_COMPLETED] = times[at + COMPLETION_COMPLETED_F64]
    rows[to + RECORD_DELIVERED] = now
    rows[to + RECORD_BUSY] = busy
    rows[to + RECORD_POSITION] = positionOf(operation) ?? Number.NaN
    rows[to + RECORD_LENGTH] = lengthOf(operation) ?? Number.NaN
    rows[to + RECORD_FILE] = path === undefined ? Number.NaN : this.#indexOf(path)
  }

  #indexOf(path: string): number {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const index = this.#files.size
    this.#files.set(path, index)
    this.#fileUnits += path.length
    return index
  }

  /** Hands on what was recorded: this client leaves, or its thread exits. */
  handOn(): void {
    this.#chunks.handOn()
  }

  /** The same; nothing more is recorded. */
  end(): void {
    this.#chunks.end()
  }
}
