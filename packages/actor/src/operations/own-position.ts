import { FILE_KIND_OTHER, OPERATION_WRITE } from '@uring-actor/client/protocol'
import type { OpenFile } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_DONE,
  ROW_FILE,
  ROW_KIND,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_WORDS,
} from './operation-table.ts'

/**
 * The file's own position, for reads and writes that name none. It is kept here, because the ring
 * moves the kernel's only when a request completes inline: a direct read would return the same
 * bytes for ever. Those requests run one at a time on each file, in the order they were posted.
 *
 * Appending files keep the kernel's position, where a write knows the end, whatever position it names;
 * so do pipes and other things that have none. What is written there is in order too; several reads at
 * once take what there is.
 */
export class OwnPositions {
  readonly #words: Int32Array

  constructor(table: OperationTable) {
    this.#words = table.words
  }

  /** True when a row may begin: it names a position, or it is its turn. Else it waits in line. */
  take(file: OpenFile, row: number): boolean {
    const at = row * ROW_WORDS
    const words = this.#words
    const writes = words[at + ROW_KIND] === OPERATION_WRITE
    const isOwn = words[at + ROW_OFF_LOW] === -1 && words[at + ROW_OFF_HIGH] === -1
    if (!isOwn && !(writes && file.append)) return true
    if (!writes && file.kind === FILE_KIND_OTHER) return true
    if (file.positionHolder >= 0) {
      file.positionLine.push(row)
      return false
    }
    file.positionHolder = row
    if (!file.append && file.kind !== FILE_KIND_OTHER) {
      words[at + ROW_OFF_LOW] = file.position | 0
      words[at + ROW_OFF_HIGH] = Math.floor(file.position / 4294967296) | 0
    }
    return true
  }

  /** A row has transferred what it will; returns the row that is next in line, or -1. */
  release(file: OpenFile, row: number): number {
    const at = row * ROW_WORDS
    if (file.positionHolder !== row || this.#words[at + ROW_FILE] !== file.slot) return -1
    file.positionHolder = -1
    file.position += this.#words[at + ROW_DONE]
    return file.positionLine.shift() ?? -1
  }
}
