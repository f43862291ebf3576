import { FILE_KIND_OTHER } from '@uring-actor/client/protocol'
import type { OpenFile } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_FILE,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_WORDS,
} from './operation-table.ts'

/**
 * The file's own position, for reads and writes that name none. It is kept here, because the ring
 * moves the kernel's only when a request completes inline: a direct read would return the same
 * bytes for ever. Those requests run one at a time on each file, in the order they were posted.
 *
 * Appending files keep the kernel's position, where a write knows the end; so do pipes and other
 * things that have none.
 */
export class OwnPositions {
  readonly #words: Int32Array

  constructor(table: OperationTable) {
    this.#words = table.words
  }

  /** True when a row may begin: it names a position, or has its file's now. Else it waits in line. */
  take(file: OpenFile, row: number): boolean {
    const at = row * ROW_WORDS
    const words = this.#words
    if (words[at + ROW_OFF_LOW] !== -1 || words[at + ROW_OFF_HIGH] !== -1) return true
    if (file.kind === FILE_KIND_OTHER) return true
    if (file.positionHolder >= 0) {
      file.positionLine.push(row)
      return false
    }
    file.positionHolder = row
    if (!file.append) {
      words[at + ROW_OFF_LOW] = file.position | 0
      words[at + ROW_OFF_HIGH] = Math.floor(file.position / 4294967296) | 0
    }
    return true
  }

  /** A row has ended, so many bytes further; returns the row that is next in line, or -1. */
  release(file: OpenFile, row: number, bytes: number): number {
    if (file.positionHolder !== row || this.#words[row * ROW_WORDS + ROW_FILE] !== file.slot)
      return -1
    file.positionHolder = -1
    file.position += bytes
    return file.positionLine.shift() ?? -1
  }
}
