import {
  FILE_KIND_OTHER,
  OPERATION_READ,
  OPERATION_TRIM,
  OPERATION_WRITE,
  REQUEST_PARTIAL,
} from '@uring-actor/client/protocol'
import type { FileTable, OpenFile } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_ASKED,
  ROW_DONE,
  ROW_FILE,
  ROW_FLAGS,
  ROW_KIND,
  ROW_LEN,
  ROW_RW_FLAGS,
  ROW_TRIES,
  ROW_WORDS,
} from './operation-table.ts'
import { AGAIN, DONE, ELSEWHERE, FAILED } from './verdict.ts'

const EINTR = -4
const EAGAIN = -11
const EINVAL = -22
const ENOTTY = -25
const EOPNOTSUPP = -95

/** How often one piece is tried again when the kernel says EINTR or EAGAIN and does nothing. */
const TRIES_MAX = 64

/** Says what a request's result means: short and interrupted transfers go on, errors do not. */
export class Judge {
  /** Short or interrupted pieces that were sent again. */
  retries = 0
  readonly #words: Int32Array
  readonly #files: FileTable

  constructor(table: OperationTable, files: FileTable) {
    this.#words = table.words
    this.#files = files
  }

  /** Counts what a request did, and says whether the row is done, goes on, or failed. */
  judge(row: number, res: number): number {
    const words = this.#words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    if (res === EINTR || res === EAGAIN) {
      const tries = words[at + ROW_TRIES] + 1
      words[at + ROW_TRIES] = tries
      const file = words[at + ROW_FILE]
      // A pipe or device that would have to wait says so; only files are asked again.
      const stubborn = res === EAGAIN && file >= 0 && this.#fileAt(file).kind === FILE_KIND_OTHER
      if (tries > TRIES_MAX || stubborn) return FAILED
      this.retries++
      return AGAIN
    }
    if (res < 0) return kind === OPERATION_TRIM ? this.#judgeTrim(at, res) : FAILED
    if (kind !== OPERATION_READ && kind !== OPERATION_WRITE) return DONE
    const done = words[at + ROW_DONE] + res
    words[at + ROW_DONE] = done
    const short = done < words[at + ROW_LEN]
    if (!short || words[at + ROW_FLAGS] & REQUEST_PARTIAL) return DONE
    const file = this.#fileAt(words[at + ROW_FILE])
    if (kind === OPERATION_READ) {
      // What else is no file gives what it has; an endless one is cut short by the ring's own work.
      if (res === 0 || (file.kind === FILE_KIND_OTHER && !file.endless)) return DONE
      // A direct read ends unaligned only at the end of the file; the rest could not be asked for.
      if (file.direct && done % file.offsetAlignment !== 0) return DONE
    } else if (res === 0) {
      return FAILED
    }
    if (res < words[at + ROW_ASKED]) this.retries++
    return AGAIN
  }

  /** A device may refuse a discard that must not wait, or not know the command at all. */
  #judgeTrim(at: number, res: number): number {
    const words = this.#words
    if (words[at + ROW_RW_FLAGS] !== 1) return FAILED
    if (res === EOPNOTSUPP && words[at + ROW_TRIES] === 0) {
      words[at + ROW_TRIES] = 1
      this.retries++
      return AGAIN
    }
    // An EINVAL may be the range's fault, or that of a kernel before 6.12: the ioctl tells.
    return res === EOPNOTSUPP || res === ENOTTY || res === EINVAL ? ELSEWHERE : FAILED
  }

  #fileAt(slot: number): OpenFile {
    return this.#files.at(slot) as OpenFile
  }
}
