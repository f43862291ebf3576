import type { OpenFile } from '../files/file-table.ts'

/**
 * Group commit: syncs of one file that are asked for together share one kernel request, which
 * begins after the last write that it covers. Who asks while one runs waits for the next, because
 * the running one may have begun before his bytes were written.
 */
export interface SyncRunner {
  /** Begins a sync in the kernel on behalf of a row; false when there is no room for it now. */
  runSync(file: OpenFile, row: number, data: boolean): boolean
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

  /** Begins what is due. Called once a cycle, so that all who asked in it share. */
  begin(): void {
    if (this.#due.length === 0) return
    const due = this.#due
    this.#due = []
    for (const file of due) {
      // Who asked may have left the line meanwhile.
      const asked = file.syncNext.length > 0
      if (asked && !this.#runner.runSync(file, file.syncNext[0], !file.syncNextFull)) {
        this.#due.push(file)
        continue
      }
      file.syncDue = false
      file.syncing = file.syncNext
      file.syncNext = []
      file.syncNextFull = false
    }
  }

  /** The kernel's sync was interrupted: those it was for share the next one. */
  again(file: OpenFile): void {
    file.syncNext.unshift(...file.syncing)
    file.syncing = []
    // A full sync covers whoever asked for the data only.
    file.syncNextFull = true
    this.#markDue(file)
  }

  /** The kernel's answer; a failure is everybody's, and stays until the file is opened anew. */
  finished(file: OpenFile, result: number): void {
    const covered = file.syncing
    file.syncing = []
    if (result < 0) {
      file.failed = result
      for (const row of file.syncNext.splice(0)) this.#runner.syncSettled(row, result)
      file.syncNextFull = false
    } else if (file.syncNext.length > 0) {
      this.#markDue(file)
    }
    for (const row of covered) this.#runner.syncSettled(row, result)
  }

  #markDue(file: OpenFile): void {
    if (file.syncDue) return
    file.syncDue = true
    this.#due.push(file)
  }
}
