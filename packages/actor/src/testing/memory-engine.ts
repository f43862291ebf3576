import { constants } from 'node:fs'
import {
  OPERATION_ALLOCATE,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { CompletionSink, Engine, EngineCounters, ResultSink } from '../engine/engine.ts'
import {
  OperationTable,
  ROW_ADDR_HIGH,
  ROW_ADDR_LOW,
  ROW_ASKED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { MemoryDisk, MemoryHandle } from './memory-disk.ts'
import type { MemoryFile } from './memory-file.ts'

const EIO = -5
const EINVAL = -22
const ENOSPC = -28
const { O_WRONLY, O_RDWR } = constants
/** Whoever writes there is sure to be on the disk when the write has completed. */
const SYNCHRONOUS = (constants.O_SYNC ?? 0) | (constants.O_DSYNC ?? 0)

/** Carries operations out on the simulated disk: at once, and in the order in which they begin. */
export class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly table: OperationTable
  readonly capacity: number
  readonly fileSlots: number
  readonly chainLength = 64
  readonly restricted = true
  readonly canBlock = true
  readonly doorbell = -1
  readonly limitations: readonly [] = []
  readonly #disk: MemoryDisk
  readonly #words: Int32Array
  readonly #arenas: Array<Uint8Array | null> = []
  /** Rows that are done, and their results. */
  #done: Array<readonly [row: number, res: number]> = []
  #submitted = 0

  constructor(disk: MemoryDisk, capacity: number, fileSlots: number) {
    this.#disk = disk
    this.capacity = capacity
    this.fileSlots = fileSlots
    this.table = new OperationTable(capacity)
    this.#words = this.table.words
  }

  get room(): number {
    return this.capacity - this.#done.length
  }
  get unsubmitted(): number {
    return 0
  }
  get leftOver(): number {
    return 0
  }
  get inFlight(): number {
    return this.#done.length
  }
  get counters(): EngineCounters {
    const submitted = this.#submitted
    return { enters: 0, submissions: 0, submitted, overflow: 0, cachedWrites: 0 }
  }

  takeWorkers(): number {
    return 0
  }

  hasWorkers(): boolean {
    return false
  }

  hasWork(): boolean {
    return this.#done.length > 0
  }

  supports(_kind: number, blockDevice: boolean): boolean {
    return !blockDevice
  }

  begin(row: number, _linked: boolean): void {
    this.#end(row, this.#carryOut(row * ROW_WORDS))
  }

  beginSync(row: number, file: number, _data: boolean): void {
    const handle = this.#usable(file)
    handle?.file.sync()
    this.#end(row, handle === null ? EIO : 0)
  }

  #end(row: number, res: number): void {
    this.#submitted++
    this.#done.push([row, res])
  }

  /** What is open at a slot and was not cut off from power. */
  #usable(slot: number): MemoryHandle | null {
    const handle = this.#disk.handle(slot)
    return handle === null || handle.stale || !this.#disk.powered ? null : handle
  }

  #carryOut(at: number): number {
    const words = this.#words
    const kind = words[at + ROW_KIND]
    if (kind === OPERATION_NOP) return 0
    const handle = this.#usable(words[at + ROW_FILE])
    if (handle === null) return EIO
    if (kind === OPERATION_READ) return this.#read(at, handle)
    if (kind === OPERATION_WRITE) return this.#write(at, handle)
    const { file } = handle
    const position = wide(words, at + ROW_OFF_LOW)
    const length = (words[at + ROW_ADDR_HIGH] >>> 0) * 2 ** 32 + (words[at + ROW_ADDR_LOW] >>> 0)
    if (kind === OPERATION_TRUNCATE) {
      return handle.flags & (O_WRONLY | O_RDWR) ? this.#resize(file, position) : EINVAL
    }
    // What is left is a sync_file_range: it promises nothing, so nothing is done.
    if (kind !== OPERATION_TRIM && kind !== OPERATION_ALLOCATE) return 0
    if (length === 0) return EINVAL
    if (kind === OPERATION_ALLOCATE) {
      return this.#resize(file, Math.max(file.size, position + length))
    }
    file.zero(position, length)
    return 0
  }

  #resize(file: MemoryFile, size: number): number {
    if (size - file.size > this.#disk.free) return ENOSPC
    file.resize(size)
    return 0
  }

  /** The arena's bytes that the next piece of a transfer is about. */
  #memory(at: number): Uint8Array {
    const words = this.#words
    const done = words[at + ROW_DONE]
    const from = words[at + ROW_ADDR_LOW] + done
    const length = words[at + ROW_LEN] - done
    words[at + ROW_ASKED] = length
    return (this.#arenas[words[at + ROW_CHANNEL]] as Uint8Array).subarray(from, from + length)
  }

  #read(at: number, handle: MemoryHandle): number {
    const memory = this.#memory(at)
    const named = positionOf(this.#words, at)
    const position = named ?? handle.position
    const bytes = handle.file.bytes.subarray(position, position + memory.length)
    memory.set(bytes)
    handle.file.accessed()
    if (named === null) handle.position += bytes.length
    return bytes.length
  }

  #write(at: number, handle: MemoryHandle): number {
    const { file, flags } = handle
    const memory = this.#memory(at)
    const named = positionOf(this.#words, at)
    const appends = named === null || (flags & constants.O_APPEND) !== 0
    const position = appends ? file.size : named
    const room = file.size + this.#disk.free - position
    if (room <= 0) return ENOSPC
    const bytes = memory.length > room ? memory.subarray(0, room) : memory
    file.write(position, bytes)
    if (flags & SYNCHRONOUS) file.sync()
    // A write that names a position appends all the same, and leaves the file's own where it was.
    if (named === null) handle.position = position + bytes.length
    return bytes.length
  }

  /** Nothing is ever in flight for longer than its turn. */
  cancel(): void {}

  submit(sink: CompletionSink): number {
    return this.poll(sink)
  }

  poll(sink: ResultSink): number {
    const done = this.#done
    this.#done = []
    for (const [row, res] of done) sink.completed(row, res)
    return done.length
  }

  block(): void {}
  setParked(): void {}

  registerFile(): number {
    return 0
  }

  unregisterFile(slot: number): void {
    this.#disk.close(slot)
  }

  attachArena(channel: number, arena: SharedArrayBuffer): void {
    this.#arenas[channel] = new Uint8Array(arena, 0, arena.byteLength)
  }

  detachArena(channel: number): void {
    this.#arenas[channel] = null
  }

  close(): number {
    return 0
  }
}

/** Where the next piece of a transfer begins; null for the file's own position. */
export function positionOf(words: Int32Array, at: number): number | null {
  if (words[at + ROW_OFF_LOW] === -1 && words[at + ROW_OFF_HIGH] === -1) return null
  return wide(words, at + ROW_OFF_LOW) + words[at + ROW_DONE]
}

/** Two words of a row as one number: positions of a disk in memory are far below 2^53. */
function wide(words: Int32Array, at: number): number {
  return (words[at + 1] >>> 0) * 2 ** 32 + (words[at] >>> 0)
}
