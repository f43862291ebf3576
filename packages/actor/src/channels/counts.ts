import {
  OPERATION_DETACH,
  OPERATION_LIMIT,
  OPERATION_READ,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'

/** Operations completed, by kind: how many, with how many bytes, and with which errors. */
export class Counts {
  readonly completed: Float64Array = new Float64Array(OPERATION_LIMIT)
  readonly bytes: Float64Array = new Float64Array(OPERATION_LIMIT)
  /** How many with which result below 0; null until a kind has its first. */
  readonly errors: Array<Map<number, number> | null> = new Array(OPERATION_LIMIT).fill(null)

  /** Counts one completion. `kind` may be what a client made up. */
  add(kind: number, res: number): void {
    if (kind >= OPERATION_DETACH) return
    this.completed[kind]++
    if (res < 0) this.#addErrors(kind, res, 1)
    else if (kind === OPERATION_READ || kind === OPERATION_WRITE) this.bytes[kind] += res
  }

  /** Counts reads that have succeeded. */
  addReads(reads: number, bytes: number): void {
    this.completed[OPERATION_READ] += reads
    this.bytes[OPERATION_READ] += bytes
  }

  #addErrors(kind: number, res: number, count: number): void {
    let errors = this.errors[kind]
    if (errors === null) {
      errors = new Map()
      this.errors[kind] = errors
    }
    errors.set(res, (errors.get(res) ?? 0) + count)
  }

  /** Adds what another one has counted. */
  addAll(other: Counts): void {
    for (let kind = 0; kind < OPERATION_LIMIT; kind++) {
      this.completed[kind] += other.completed[kind]
      this.bytes[kind] += other.bytes[kind]
      other.errors[kind]?.forEach((count, res) => {
        this.#addErrors(kind, res, count)
      })
    }
  }
}
