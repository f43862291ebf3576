import type { OpenFile } from '../files/file-table.ts'

/**
 * Group commit: syncs of one file that are asked for together share one kernel request, which
 * begins after the last write that it covers. Who asks while one runs waits for the next, because
 * the running one may have begun before his bytes were written.
 *
 * One at a time for another reason too: the kernel tells an open file of a failed write once. Of two
 * syncs that run beside each other one gets the error, and the other would call lost bytes durable.
 * So whatever asks the kernel how writes went stands in this line: members of chains, and syncs of a
 * range, which share with nobody.
 */
export interface SyncRunner {
  /** Begins a sync in the kernel on behalf of a row; false when there is no room for it now. */
  runSync(file: OpenFile, row: number, data: boolean): boolean
  /** The same for the sync of a range. */
  runRange(row: number): boolean
  /** One who waited has his result. */
  syncSettled(row: number, result: number): void
}

export class GroupCommit {
  readonly #runner: SyncRunner
  #due: OpenFile[] = []

  constructor(runner: SyncRunner) {
    this.#runner = runner
  }

  /** Files whose sync waits for `begin`. */
  get dueCount(): number {
    return this.#due.length
  }

  /** A row whose bytes are all written asks for a sync. */
  join(file: OpenFile, row: number, data: boolean): void {
    if (file.failed < 0) {
      this.#runner.syncSettled(row, file.failed)
      return
    }
    file.syncNext.push(row)
    if (!data) file.syncNextFull = true
    if (file.syncing.length === 0) this.#markDue(file)
  }

  /** A row asks for a sync of a range. */
  joinRange(file: OpenFile, row: number): void {
    if (file.failed < 0) {
      this.#runner.syncSettled(row, file.failed)
      return
    }
    file.rangeNext.push(row)
    if (file.syncing.length === 0) this.#markDue(file)
  }

  /**
   * A row whose sync is to run by itself, linked to what goes before it: it takes the place of the
   * one that runs, if none runs or waits. Then `released` must follow.
   */
  reserve(file: OpenFile, row: number): boolean {
    const idle = file.syncing.length + file.syncNext.length + file.rangeNext.length === 0
    if (!idle || file.failed < 0) return false
    file.syncing = [row]
    return true
  }

  /** A sync that had reserved its place has completed; a failure is everybody's who waits by now. */
  released(file: OpenFile, result: number): void {
    file.syncing = []
    if (result < 0) this.#fail(file, result)
    this.#goOn(file)
  }

  /** Begins what is due. Called once a cycle, so that all who asked in it share. */
  begin(): void {
    if (this.#due.length === 0) return
    const due = this.#due
    this.#due = []
    for (const file of due) {
      // It may be due for one who has left the line, and a chain's sync have reserved its place since.
      const runs = file.syncing.length > 0
      if (runs || this.#beginNext(file)) file.syncDue = false
      else this.#due.push(file)
    }
  }

  /** Begins what is next of a file, ranges and syncs in turns; false when there was no room. */
  #beginNext(file: OpenFile): boolean {
    const { syncNext, rangeNext } = file
    if (rangeNext.length > 0 && (file.rangeIsNext || syncNext.length === 0)) {
      if (!this.#runner.runRange(rangeNext[0])) return false
      file.syncing = [rangeNext.shift() as number]
      file.rangeIsNext = false
      return true
    }
    // Who asked may have left the line meanwhile.
    const asked = syncNext.length > 0
    if (asked && !this.#runner.runSync(file, syncNext[0], !file.syncNextFull)) return false
    file.syncing = syncNext
    file.syncNext = []
    file.syncNextFull = false
    file.rangeIsNext = true
    return true
  }

  /** The kernel's sync was interrupted: those it was for share the next one. */
  again(file: OpenFile): void {
    file.syncNext.unshift(...file.syncing)
    file.syncing = []
    // A full sync covers whoever asked for the data only.
    file.syncNextFull = true
    this.#markDue(file)
  }

  /** The same for the sync of a range. */
  rangeAgain(file: OpenFile): void {
    file.rangeNext.unshift(...file.syncing)
    file.syncing = []
    file.rangeIsNext = true
    this.#markDue(file)
  }

  /** The kernel's answer; a failure is everybody's, and stays until the file is opened anew. */
  finished(file: OpenFile, result: number): void {
    if (result < 0) this.#fail(file, result)
    this.#settle(file, result)
  }

  /** The kernel refused the range that was asked for, which says nothing about the disk. */
  rangeRefused(file: OpenFile, result: number): void {
    this.#settle(file, result)
  }

  #settle(file: OpenFile, result: number): void {
    const covered = file.syncing
    file.syncing = []
    this.#goOn(file)
    for (const row of covered) this.#runner.syncSettled(row, result)
  }

  #fail(file: OpenFile, result: number): void {
    file.failed = result
    file.syncNextFull = false
    const waiting = [...file.syncNext.splice(0), ...file.rangeNext.splice(0)]
    for (const row of waiting) this.#runner.syncSettled(row, result)
  }

  #goOn(file: OpenFile): void {
    if (file.syncNext.length + file.rangeNext.length > 0) this.#markDue(file)
  }

  #markDue(file: OpenFile): void {
    if (file.syncDue) return
    file.syncDue = true
    this.#due.push(file)
  }
}
