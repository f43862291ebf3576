import fs from 'node:fs'
import {
  OPERATION_ALLOCATE,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import { syncDescriptor } from '../files/descriptor.ts'
import { errnoOf } from '../files/errno.ts'
import type { OpenFile } from '../files/file-table.ts'
import { transferByPool } from '../files/pool-transfer.ts'
import type { Host } from '../host/host.ts'
import {
  type OperationTable,
  ROW_ADDR_LOW,
  ROW_CHANNEL,
  ROW_FILE,
  ROW_KIND,
  ROW_OFF_LOW,
  ROW_RW_FLAGS,
  ROW_WORDS,
  wide,
} from '../operations/operation-table.ts'

const EOPNOTSUPP = -95

/** What a row is begun for: its own operation, or a sync on its behalf. */
export const DO_OPERATION = 0
export const DO_SYNC = 1
export const DO_DATASYNC = 2

type Callback = (error: Error | null, bytes?: number) => void

/** Makes the calls of node:fs, and of the host, that rows of the operation table stand for. */
export class PoolCalls {
  /** The clients' arenas, by channel, and the open files, by slot. */
  readonly arenas: Array<Uint8Array | null>
  readonly files: Array<OpenFile | null>
  readonly #host: Host
  readonly #words: Int32Array
  readonly #returned: (row: number, res: number) => void
  readonly #callbacks: Array<Callback | undefined>

  constructor(
    host: Host,
    table: OperationTable,
    maxClients: number,
    fileSlots: number,
    returned: (row: number, res: number) => void,
  ) {
    this.arenas = new Array(maxClients).fill(null)
    this.files = new Array(fileSlots).fill(null)
    this.#host = host
    this.#words = table.words
    this.#returned = returned
    this.#callbacks = new Array(table.capacity)
  }

  /** Begins the row's next request. Throws what node:fs throws, at arguments that it refuses. */
  begin(row: number, duty: number): void {
    const words = this.#words
    const at = row * ROW_WORDS
    const file = this.files[words[at + ROW_FILE]] as OpenFile
    const done = this.#callbackOf(row)
    if (duty !== DO_OPERATION) syncDescriptor(file, duty === DO_DATASYNC, done)
    else if (isTransfer(words[at + ROW_KIND])) {
      const arena = this.arenas[words[at + ROW_CHANNEL]] as Uint8Array
      transferByPool(words, at, arena, file.fd, done)
    } else this.#range(row, at, file)
  }

  /** One function a row, made when it is first needed. */
  #callbackOf(row: number): Callback {
    const known = this.#callbacks[row]
    if (known !== undefined) return known
    const made: Callback = (error, bytes = 0) =>
      this.#returned(row, error === null ? bytes : errnoOf(error))
    this.#callbacks[row] = made
    return made
  }

  /** Operations on a range of a file, without memory. */
  #range(row: number, at: number, file: OpenFile): void {
    const words = this.#words
    const kind = words[at + ROW_KIND]
    const offset = wide(words, at + ROW_OFF_LOW)
    const length = wide(words, at + ROW_ADDR_LOW)
    const done = (res: number): void => this.#returned(row, res)
    if (kind === OPERATION_TRUNCATE) fs.ftruncate(file.fd, Number(offset), this.#callbackOf(row))
    else if (kind === OPERATION_TRIM) this.#host.trim(file, offset, length, done)
    else if (kind === OPERATION_ALLOCATE) this.#host.allocate(file, offset, length, done)
    else if (kind === OPERATION_SYNC_RANGE) {
      this.#host.syncRange(file, words[at + ROW_RW_FLAGS], offset, length, done)
    } else setImmediate(done, EOPNOTSUPP)
  }
}

export function isTransfer(kind: number): boolean {
  return kind === OPERATION_READ || kind === OPERATION_WRITE
}
