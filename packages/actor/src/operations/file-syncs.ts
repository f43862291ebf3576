import { OPERATION_SYNC, OPERATION_SYNC_RANGE, SYNC_DATA } from '@uring-actor/client/protocol'
import type { Engine } from '../engine/engine.ts'
import type { FileTable, OpenFile } from '../files/file-table.ts'
import { GroupCommit, type SyncRunner } from './group-commit.ts'
import {
  type OperationTable,
  PHASE_SYNC,
  ROW_FILE,
  ROW_KIND,
  ROW_PHASE,
  ROW_RW_FLAGS,
  ROW_WORDS,
} from './operation-table.ts'

const EINTR = -4
const EAGAIN = -11
const EINVAL = -22
const ESPIPE = -29
const ECANCELED = -125

/** What syncs need of the dispatcher. */
export interface SyncHost {
  /** The kernel has done nothing yet, and is asked again. */
  retried(): void
  /** A row that was waiting for a sync has its result. */
  settled(row: number, result: number): void
}

/** Takes rows to the line of their file's syncs (group-commit.ts), and from there to the engine. */
export class FileSyncs implements SyncRunner {
  readonly #table: OperationTable
  readonly #words: Int32Array
  readonly #engine: Engine
  readonly #files: FileTable
  readonly #host: SyncHost
  readonly #groups: GroupCommit = new GroupCommit(this)

  constructor(table: OperationTable, engine: Engine, files: FileTable, host: SyncHost) {
    this.#table = table
    this.#words = table.words
    this.#engine = engine
    this.#files = files
    this.#host = host
  }

  /** Begins what is due. Called once a cycle, so that all who asked in it share. */
  begin(): void {
    this.#groups.begin()
  }

  /** Takes a sync, or that of a range; false for any other operation. */
  join(row: number): boolean {
    const at = row * ROW_WORDS
    const kind = this.#words[at + ROW_KIND]
    if (kind === OPERATION_SYNC_RANGE) this.#groups.joinRange(this.#fileOf(row), row)
    else if (kind !== OPERATION_SYNC) return false
    else {
      const data = (this.#words[at + ROW_RW_FLAGS] & SYNC_DATA) !== 0
      this.#groups.join(this.#fileOf(row), row, data)
    }
    return true
  }

  /** A durable write whose bytes are all written asks for a sync. */
  joinWritten(row: number): void {
    this.#groups.join(this.#fileOf(row), row, true)
  }

  /**
   * A sync that is to run linked to what goes before it in its chain. False when it has to wait for
   * another one, which its place is in the line for.
   */
  reserve(row: number): boolean {
    return this.#groups.reserve(this.#fileOf(row), row)
  }

  /** Begins a sync that has its place reserved. */
  beginReserved(row: number): void {
    const data = (this.#words[row * ROW_WORDS + ROW_RW_FLAGS] & SYNC_DATA) !== 0
    this.#engine.beginSync(row, this.#words[row * ROW_WORDS + ROW_FILE], data)
  }

  /** It has completed. When it was cancelled or interrupted, that says nothing about the disk. */
  released(row: number, res: number): void {
    const undone = res === ECANCELED || res === EINTR || res === EAGAIN
    this.#groups.released(this.#fileOf(row), undone ? 0 : res)
  }

  /** Takes the engine's result, if the row's request was a sync. */
  completed(row: number, res: number): boolean {
    const at = row * ROW_WORDS
    if (this.#words[at + ROW_PHASE] !== PHASE_SYNC) return false
    const file = this.#fileOf(row)
    const range = this.#words[at + ROW_KIND] === OPERATION_SYNC_RANGE
    if (res === EINTR || res === EAGAIN) {
      this.#host.retried()
      if (range) this.#groups.rangeAgain(file)
      else this.#groups.again(file)
    } else if (range && (res === EINVAL || res === ESPIPE)) {
      this.#groups.rangeRefused(file, res)
    } else {
      this.#groups.finished(file, res)
    }
    return true
  }

  runSync(file: OpenFile, row: number, data: boolean): boolean {
    // Syncs begin when everything else of the turn was begun, and most of it submitted; but that can have been refused.
    if (this.#engine.room === 0) return false
    this.#words[row * ROW_WORDS + ROW_PHASE] = PHASE_SYNC
    this.#engine.beginSync(row, file.slot, data)
    // It is the sync of all who wait for it.
    for (const waiting of file.syncNext) this.#table.begun(waiting)
    return true
  }

  runRange(row: number): boolean {
    if (this.#engine.room === 0) return false
    this.#words[row * ROW_WORDS + ROW_PHASE] = PHASE_SYNC
    this.#engine.begin(row, false)
    return true
  }

  syncSettled(row: number, result: number): void {
    this.#host.settled(row, result)
  }

  #fileOf(row: number): OpenFile {
    return this.#files.at(this.#words[row * ROW_WORDS + ROW_FILE]) as OpenFile
  }
}
