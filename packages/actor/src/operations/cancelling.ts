import {
  COMPLETION_CANCELLED,
  COMPLETION_NOT_STARTED,
  OPERATION_OPEN,
  OPERATION_SYNC,
  OPERATION_SYNC_RANGE,
} from '@uring-actor/client/protocol'
import type { Engine } from '../engine/engine.ts'
import type { FileTable, OpenFile } from '../files/file-table.ts'
import type { Chains } from './chains.ts'
import {
  type OperationTable,
  ROW_CANCELLED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_FLAGS,
  ROW_KIND,
  ROW_TRIES,
  ROW_WORDS,
} from './operation-table.ts'

const ECANCELED = -125

/** A row that the engine still has is cancelled once more after so long, and then twice as long. */
const FIRST_RETRY_MICROS = 500
const LAST_RETRY_MICROS = 1_000_000

/** A row whose cancellation the engine was asked for. */
interface Asked {
  readonly row: number
  /** When it is asked again, and how long it waits then, in microseconds. */
  next: number
  delay: number
}

/** What cancelling needs of the dispatcher. */
export interface CancelHost {
  /** The time of this turn, in microseconds. */
  now(): number
  /** Rows that wait for room in the engine. */
  readonly waiting: number[]
  readonly chains: Chains
  submit(): void
  finish(row: number, res: number, extra: number, flags: number): void
}

/**
 * Cancels operations wherever they are: what waits is taken out of its line, what the engine has is
 * its to cancel. A call of node:fs, and a sync that others may share, are left to finish. However it
 * goes, the row completes once, and its memory is held until then.
 *
 * The engine is asked more than once, because a kernel finds only what it has begun: not the member
 * of a chain that follows the one which is just ending, nor a read that was woken and goes back to
 * wait because another took the bytes.
 */
export class Cancelling {
  readonly #words: Int32Array
  readonly #engine: Engine
  readonly #files: FileTable
  readonly #host: CancelHost
  #asked: Asked[] = []

  constructor(table: OperationTable, engine: Engine, files: FileTable, host: CancelHost) {
    this.#words = table.words
    this.#engine = engine
    this.#files = files
    this.#host = host
  }

  /** Cancels a row, once. */
  cancel(row: number): void {
    const words = this.#words
    const at = row * ROW_WORDS
    if (words[at + ROW_FLAGS] & ROW_CANCELLED) return
    words[at + ROW_FLAGS] |= ROW_CANCELLED
    if (words[at + ROW_KIND] >= OPERATION_OPEN) return
    if (this.#host.chains.cancel(row)) this.#cancelMember(row)
    else if (this.#leaveLines(row)) this.finish(row)
    else if (!this.#inSync(row)) this.#ask(row)
  }

  /** The member of a chain: of those only the one that runs is in a line, or in the engine. */
  #cancelMember(row: number): void {
    if (this.#leaveSync(row)) this.#host.chains.settled(row, ECANCELED, 0)
    else if (!this.#inSync(row)) this.#ask(row)
  }

  /** Asks again for what the engine still has. */
  askAgain(): void {
    if (this.#asked.length === 0) return
    const now = this.#host.now()
    this.#asked = this.#asked.filter(({ row }) => this.#isCancelled(row))
    for (const asked of this.#asked) {
      if (now < asked.next) continue
      if (!this.#inSync(asked.row)) this.#cancelInEngine(asked.row)
      asked.delay = Math.min(2 * asked.delay, LAST_RETRY_MICROS)
      asked.next = now + asked.delay
    }
  }

  /** True while a row that was to be cancelled has not completed: a new one has no such flag. */
  #isCancelled(row: number): boolean {
    const at = row * ROW_WORDS
    if (this.#words[at + ROW_CHANNEL] < 0) return false
    return (this.#words[at + ROW_FLAGS] & ROW_CANCELLED) !== 0
  }

  /** Completes a row that was cancelled, telling whether anything of it had been begun. */
  finish(row: number): void {
    const at = row * ROW_WORDS
    const done = this.#words[at + ROW_DONE]
    const begun = done > 0 || this.#words[at + ROW_TRIES] > 0
    this.interrupt(
      row,
      begun ? COMPLETION_CANCELLED : COMPLETION_CANCELLED | COMPLETION_NOT_STARTED,
    )
  }

  /** Completes a row that was cancelled when it had been begun. */
  interrupt(row: number, flags: number = COMPLETION_CANCELLED): void {
    this.#host.finish(row, ECANCELED, this.#words[row * ROW_WORDS + ROW_DONE], flags)
  }

  #leaveLines(row: number): boolean {
    const file = this.#fileOf(row)
    if (removed(this.#host.waiting, row)) return true
    if (file === null) return false
    return removed(file.positionLine, row) || this.#leaveSync(row)
  }

  /** A sync that nobody has begun; a durable write that waits for one has its bytes written. */
  #leaveSync(row: number): boolean {
    const kind = this.#words[row * ROW_WORDS + ROW_KIND]
    if (kind !== OPERATION_SYNC && kind !== OPERATION_SYNC_RANGE) return false
    const file = this.#fileOf(row)
    return file !== null && (removed(file.syncNext, row) || removed(file.rangeNext, row))
  }

  #inSync(row: number): boolean {
    const file = this.#fileOf(row)
    if (file === null) return false
    return [file.syncing, file.syncNext, file.rangeNext].some((rows) => rows.includes(row))
  }

  /** Null for a row that names none, or was refused. */
  #fileOf(row: number): OpenFile | null {
    const slot = this.#words[row * ROW_WORDS + ROW_FILE]
    return slot < 0 ? null : this.#files.at(slot)
  }

  #ask(row: number): void {
    const delay = FIRST_RETRY_MICROS
    this.#asked.push({ row, next: this.#host.now() + delay, delay })
    this.#cancelInEngine(row)
  }

  #cancelInEngine(row: number): void {
    if (this.#engine.room === 0) this.#host.submit()
    if (this.#engine.room === 0) return
    this.#engine.cancel(row)
    // One by one: cancellations complete too, and the completion queue has little room for them.
    this.#host.submit()
  }
}

function removed(line: number[], row: number): boolean {
  const index = line.indexOf(row)
  if (index >= 0) line.splice(index, 1)
  return index >= 0
}
