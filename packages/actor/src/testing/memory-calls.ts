import { constants } from 'node:fs'
import {
  FILE_KIND_REGULAR,
  OPEN_RESULT_KIND,
  OPEN_RESULT_MEMORY_ALIGNMENT,
  OPEN_RESULT_OFFERED,
  OPEN_RESULT_OFFSET_ALIGNMENT,
  OPERATION_CHMOD,
  OPERATION_CHOWN,
  OPERATION_CLOSE,
  OPERATION_OPEN,
  OPERATION_STAT,
  OPERATION_UTIMES,
  STAT_FIELDS,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { LayerParts } from '../engine/layer.ts'
import type { FileCalls } from '../files/file-calls.ts'
import { OpenFile } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_ADDR_LOW,
  ROW_CHANNEL,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_RW_FLAGS,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { MemoryDisk } from './memory-disk.ts'
import type { MemoryFile } from './memory-file.ts'

const ENOENT = -2
const EIO = -5
const EEXIST = -17
const EINVAL = -22
const ENFILE = -23
const EOPNOTSUPP = -95

/** What direct I/O on the simulated disk must be aligned to, in bytes. */
const ALIGNMENT = 512
const { O_CREAT, O_EXCL, O_TRUNC } = constants

/** Opening, closing and metadata of the simulated disk's files: all of it answered at once. */
export class MemoryCalls implements FileCalls {
  pending = 0
  readonly #disk: MemoryDisk
  readonly #table: OperationTable
  readonly #parts: LayerParts

  constructor(disk: MemoryDisk, table: OperationTable, parts: LayerParts) {
    this.#disk = disk
    this.#table = table
    this.#parts = parts
  }

  begin(row: number): void {
    const at = row * ROW_WORDS
    const kind = this.#table.words[at + ROW_KIND]
    if (kind === OPERATION_OPEN) this.#open(row, at)
    else if (kind === OPERATION_CLOSE) this.#close(row, at)
    else this.#settle(row, this.#call(at, kind))
  }

  #settle(row: number, res: number, extra: number = 0): void {
    this.#parts.events.settled(row, res, extra)
  }

  #open(row: number, at: number): void {
    const { words } = this.#table
    const { arena } = this.#channel(at)
    const start = words[at + ROW_ADDR_LOW]
    const path = Buffer.from(arena.subarray(start, start + words[at + ROW_LEN])).toString()
    const flags = words[at + ROW_RW_FLAGS]
    const found = this.#find(path, flags, words[at + ROW_OFF_LOW])
    if (typeof found === 'number') {
      this.#settle(row, found)
      return
    }
    const { files } = this.#parts
    const slot = files.claim()
    if (slot < 0) {
      this.#settle(row, ENFILE)
      return
    }
    if (flags & O_TRUNC) found.resize(0)
    this.#disk.open(slot, found, flags)
    const channel = words[at + ROW_CHANNEL]
    const generation = files.generationOf(slot)
    const kind = FILE_KIND_REGULAR
    files.put(new OpenFile(slot, generation, -1, channel, flags, kind, ALIGNMENT, ALIGNMENT))
    const result = new Float64Array(arena.buffer, start, 4)
    result[OPEN_RESULT_OFFERED] = 0
    result[OPEN_RESULT_KIND] = kind
    result[OPEN_RESULT_MEMORY_ALIGNMENT] = ALIGNMENT
    result[OPEN_RESULT_OFFSET_ALIGNMENT] = ALIGNMENT
    this.#settle(row, slot, generation)
  }

  #find(path: string, flags: number, mode: number): MemoryFile | number {
    if (!this.#disk.powered) return EIO
    if (path === '') return ENOENT
    if (path.includes('\0')) return EINVAL
    const known = this.#disk.find(path)
    if (known !== null) return flags & O_EXCL && flags & O_CREAT ? EEXIST : known
    if ((flags & O_CREAT) === 0) return ENOENT
    const made = this.#disk.create(path)
    made.mode = mode & 0o7777 & ~0o022
    return made
  }

  #close(row: number, at: number): void {
    const file = this.#parts.files.at(this.#table.words[at + ROW_FILE]) as OpenFile
    this.closeFile(file, (res) => this.#settle(row, res))
  }

  closeFile(file: OpenFile, done: (res: number) => void): void {
    this.#disk.close(file.slot)
    this.#parts.files.release(file.slot)
    done(0)
  }

  #call(at: number, kind: number): number {
    const { words } = this.#table
    const handle = this.#disk.handle(words[at + ROW_FILE])
    if (handle === null || handle.stale || !this.#disk.powered) return EIO
    const { file } = handle
    if (kind === OPERATION_STAT) this.#stat(at, file)
    else if (kind === OPERATION_CHMOD) file.mode = words[at + ROW_OFF_LOW] & 0o7777
    else if (kind === OPERATION_CHOWN) {
      file.uid = words[at + ROW_OFF_LOW] >>> 0
      file.gid = words[at + ROW_OFF_HIGH] >>> 0
    } else if (kind === OPERATION_UTIMES) {
      const [access, modification] = new Float64Array(
        this.#channel(at).arena.buffer,
        words[at + ROW_ADDR_LOW],
        2,
      )
      if (!isTime(access) || !isTime(modification)) return EINVAL
      file.times.access = nanosOf(access)
      file.times.modification = nanosOf(modification)
    } else return EOPNOTSUPP
    if (kind !== OPERATION_STAT) file.statusSet()
    return 0
  }

  #stat(at: number, file: MemoryFile): void {
    const start = this.#table.words[at + ROW_ADDR_LOW]
    const record = new BigInt64Array(this.#channel(at).arena.buffer, start, STAT_FIELDS.length)
    const { times } = file
    const known: Record<string, number | bigint> = {
      mode: constants.S_IFREG | file.mode,
      nlink: 1,
      uid: file.uid,
      gid: file.gid,
      blksize: 4096,
      ino: file.number,
      size: file.size,
      blocks: Math.ceil(file.size / 512),
      atimeNs: times.access,
      mtimeNs: times.modification,
      ctimeNs: times.change,
      birthtimeNs: times.birth,
      directMemoryAlignment: ALIGNMENT,
      directOffsetAlignment: ALIGNMENT,
    }
    STAT_FIELDS.forEach((name, index) => {
      record[index] = BigInt(known[name] ?? 0)
    })
  }

  #channel(at: number): Channel {
    return this.#parts.channels[this.#table.words[at + ROW_CHANNEL]] as Channel
  }
}

/** Seconds since the epoch that are 64 bits of nanoseconds, which is what a status has room for. */
function isTime(seconds: number): boolean {
  return Math.abs(seconds) < 2 ** 63 / 1e9
}

function nanosOf(seconds: number): bigint {
  return BigInt(Math.round(seconds * 1e9))
}
