import {
  MAX_TRANSFER_BYTES,
  OPERATION_ALLOCATE,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
  segmentCount,
  segmentLength,
  segmentOf,
  segmentStart,
} from '@uring-actor/client/protocol'
import type { NativeBinding, NativeRing, NativeWaker } from '@uring-actor/native'
import {
  type OperationTable,
  PHASE_TRANSFER,
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
  ROW_PHASE,
  ROW_RW_FLAGS,
  ROW_TRIES,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { Engine, EngineCounters } from './engine.ts'
import {
  BLOCK_URING_CMD_DISCARD,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  IORING_FSYNC_DATASYNC,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_FALLOCATE,
  IORING_OP_FSYNC,
  IORING_OP_FTRUNCATE,
  IORING_OP_NOP,
  IORING_OP_READ,
  IORING_OP_READ_FIXED,
  IORING_OP_SYNC_FILE_RANGE,
  IORING_OP_URING_CMD,
  IORING_OP_WRITE,
  IORING_OP_WRITE_FIXED,
  IOSQE_ASYNC,
  IOSQE_FIXED_FILE,
  IOSQE_IO_LINK,
} from './kernel-abi.ts'
import { openRing } from './open-ring.ts'
import type { CompletionSink, Ring } from './ring.ts'

/** Tags of our own requests; rows of the operation table are >= 0. */
const TAG_DOORBELL = -1
const TAG_CANCEL = -2
/** The doorbell has the first slot of the file table, the control page that of the buffer table. */
const DOORBELL_FILE = 0
const CONTROL_BUFFER = 0
export const FIRST_FILE_SLOT = 1

const SEGMENT_UNKNOWN = 0
const SEGMENT_FIXED = 1
const SEGMENT_PLAIN = 2

/** Longest sync_file_range of one request: its length is a uint32, and 0 means to the end. */
const MAX_RANGE_BYTES = 0xfffff000
/**
 * Buffered writes are done by a kernel worker, some microseconds each; waking up for every one of
 * them costs more than they do. So many completions one wake-up waits for, and so long at most. A
 * device's completions are not gathered: whoever waits for them is to ask for the next at once.
 */
const MOST_TOGETHER = 8
const GATHER_MICROS = 30
const SQ_ENTRIES = 256
const OWN_ENTRIES = 8

export interface UringEngineOptions {
  readonly queueDepth: number
  readonly maxClients: number
  readonly arenaBytes: number
  readonly maxFiles: number
  readonly doorbell: number
  readonly kernelWorkers: readonly [number, number]
  readonly maskedOpcodes: readonly number[]
}

/** The engine that this project is about: one io_uring. */
export class UringEngine implements Engine {
  readonly name = 'io_uring'
  readonly capacity: number
  readonly fileSlots: number
  readonly chainLength: number
  readonly restricted: boolean
  #ring: Ring
  #native: NativeRing
  #binding: NativeBinding
  #waker: NativeWaker
  #words: Int32Array = new Int32Array(0)
  #opcodes: ReadonlySet<number>
  #segments: number
  /** Per channel: address of its arena, and the state of each of its segments. */
  #bases: Float64Array
  #segmentStates: Uint8Array
  #arenas: Array<Uint8Array | null>
  #control: Uint8Array
  #controlAddress: number
  #doorbellArmed = false
  /** Per file slot: 1 where writes go to the page cache. How many such writes are in flight. */
  #bufferedFiles: Uint8Array
  #bufferedWrites = 0

  constructor(binding: NativeBinding, options: UringEngineOptions, onWake: () => void) {
    this.#binding = binding
    this.#segments = segmentCount(options.arenaBytes)
    this.restricted = mayPinAll(binding, options)
    const waker = binding.createWaker(onWake)
    if (typeof waker === 'number') throw new Error(`eventfd failed: errno ${-waker}`)
    this.#waker = waker
    const opened = openRing(binding, {
      sqEntries: SQ_ENTRIES,
      // The kernel refuses a completion queue that is smaller than the submission queue.
      cqEntries: Math.max(SQ_ENTRIES, options.queueDepth + OWN_ENTRIES),
      fileSlots: options.maxFiles + FIRST_FILE_SLOT,
      bufferSlots: 1 + options.maxClients * this.#segments,
      fixedBuffersOnly: this.restricted,
      kernelWorkers: options.kernelWorkers,
      eventFd: waker.fd,
      maskedOpcodes: options.maskedOpcodes,
    })
    this.#ring = opened.ring
    this.#native = opened.native
    this.#opcodes = opened.opcodes
    this.capacity = Math.min(options.queueDepth, opened.ring.cqEntries - OWN_ENTRIES)
    this.fileSlots = opened.fileSlots
    this.chainLength = Math.min(64, this.capacity, opened.ring.sqEntries - OWN_ENTRIES)
    this.#bufferedFiles = new Uint8Array(opened.fileSlots)
    this.#bases = new Float64Array(options.maxClients)
    this.#segmentStates = new Uint8Array(options.maxClients * this.#segments)
    this.#arenas = new Array(options.maxClients).fill(null)
    this.#control = new Uint8Array(new SharedArrayBuffer(4096, { maxByteLength: 4096 }), 0, 4096)
    this.#controlAddress = binding.addressOf(this.#control)
    const registered = this.#native.registerBuffer(CONTROL_BUFFER, this.#control)
    if (registered < 0 && this.restricted)
      throw new Error(`registering memory: errno ${-registered}`)
    if (registered < 0) this.#controlAddress = -this.#controlAddress
    const doorbell = this.#native.registerFile(DOORBELL_FILE, options.doorbell)
    if (doorbell < 0) throw new Error(`registering the doorbell: errno ${-doorbell}`)
    this.setParked(false)
  }

  /** The operation table, once it is there: it is as large as the capacity says. */
  setTable(table: OperationTable): void {
    this.#words = table.words
  }

  get room(): number {
    return this.#ring.room
  }
  get unsubmitted(): number {
    return this.#ring.unsubmitted
  }
  get inFlight(): number {
    return this.#ring.inFlight - (this.#doorbellArmed ? 1 : 0)
  }
  get counters(): EngineCounters {
    const { enters, submitted, overflow } = this.#ring
    return { enters, submitted, overflow }
  }

  hasWork(): boolean {
    return this.#ring.hasWork()
  }

  supports(kind: number, blockDevice: boolean): boolean {
    if (kind === OPERATION_TRUNCATE) return this.#opcodes.has(IORING_OP_FTRUNCATE)
    if (kind === OPERATION_TRIM && blockDevice) return this.#opcodes.has(IORING_OP_URING_CMD)
    return true
  }

  begin(row: number, linked: boolean): void {
    const at = row * ROW_WORDS
    const words = this.#words
    const flags = IOSQE_FIXED_FILE | (linked ? IOSQE_IO_LINK : 0)
    const kind = words[at + ROW_KIND]
    if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      this.#beginTransfer(row, at, kind, flags)
    } else if (kind === OPERATION_NOP) {
      this.#ring.push(IORING_OP_NOP, flags, DOORBELL_FILE, 0, 0, 0, 0, 0, 0, row, 0, 0, 0)
    } else {
      this.#beginRange(row, at, kind, flags)
    }
  }

  #beginTransfer(row: number, at: number, kind: number, flags: number): void {
    const words = this.#words
    const done = words[at + ROW_DONE]
    const length = Math.min(words[at + ROW_LEN] - done, MAX_TRANSFER_BYTES)
    words[at + ROW_ASKED] = length
    const channel = words[at + ROW_CHANNEL]
    const offset = words[at + ROW_ADDR_LOW] + done
    const buffer = this.#bufferIndex(channel, offset)
    const address = this.#bases[channel] + offset
    if (this.#isBufferedWrite(at)) this.#bufferedWrites++
    let low = words[at + ROW_OFF_LOW]
    let high = words[at + ROW_OFF_HIGH]
    if (done > 0 && !(low === -1 && high === -1)) {
      const sum = (low >>> 0) + done
      low = sum | 0
      if (sum >= 4294967296) high = (high + 1) | 0
    }
    const read = kind === OPERATION_READ
    let opcode = read ? IORING_OP_READ : IORING_OP_WRITE
    if (buffer > 0) opcode = read ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED
    this.#ring.push(
      opcode,
      flags,
      words[at + ROW_FILE],
      low,
      high,
      address | 0,
      (address / 4294967296) | 0,
      length,
      0,
      row,
      Math.max(buffer, 0),
      0,
      0,
    )
  }

  /** Operations on a range of a file, without memory. */
  #beginRange(row: number, at: number, kind: number, flags: number): void {
    const words = this.#words
    const file = words[at + ROW_FILE]
    const offLow = words[at + ROW_OFF_LOW]
    const offHigh = words[at + ROW_OFF_HIGH]
    const lengthLow = words[at + ROW_ADDR_LOW]
    const lengthHigh = words[at + ROW_ADDR_HIGH]
    const rwFlags = words[at + ROW_RW_FLAGS]
    if (kind === OPERATION_TRUNCATE) {
      this.#ring.push(IORING_OP_FTRUNCATE, flags, file, offLow, offHigh, 0, 0, 0, 0, row, 0, 0, 0)
    } else if (kind === OPERATION_SYNC_RANGE) {
      // Lengths that one request cannot hold reach to the end of the file, which covers them.
      const whole = (lengthLow >>> 0) + (lengthHigh >>> 0) * 4294967296
      const length = whole > MAX_RANGE_BYTES ? 0 : whole
      this.#ring.push(
        IORING_OP_SYNC_FILE_RANGE,
        flags,
        file,
        offLow,
        offHigh,
        0,
        0,
        length,
        rwFlags,
        row,
        0,
        0,
        0,
      )
    } else if (kind === OPERATION_TRIM && words[at + ROW_RW_FLAGS] === 1) {
      // A block device: the first try may be refused only because it must not wait.
      const asynchronous = words[at + ROW_TRIES] > 0 ? IOSQE_ASYNC : 0
      this.#ring.push(
        IORING_OP_URING_CMD,
        flags | asynchronous,
        file,
        BLOCK_URING_CMD_DISCARD,
        0,
        offLow,
        offHigh,
        0,
        0,
        row,
        0,
        lengthLow,
        lengthHigh,
      )
    } else {
      const mode =
        kind === OPERATION_TRIM
          ? FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
          : kind === OPERATION_ALLOCATE
            ? rwFlags
            : 0
      this.#ring.push(
        IORING_OP_FALLOCATE,
        flags,
        file,
        offLow,
        offHigh,
        lengthLow,
        lengthHigh,
        mode,
        0,
        row,
        0,
        0,
        0,
      )
    }
  }

  beginSync(row: number, file: number, data: boolean, linked: boolean): void {
    const flags = IOSQE_FIXED_FILE | (linked ? IOSQE_IO_LINK : 0)
    const how = data ? IORING_FSYNC_DATASYNC : 0
    this.#ring.push(IORING_OP_FSYNC, flags, file, 0, 0, 0, 0, 0, how, row, 0, 0, 0)
  }

  cancel(row: number): void {
    if (this.#ring.room === 0) this.#ring.enter(0, -1, 0)
    this.#ring.push(
      IORING_OP_ASYNC_CANCEL,
      IOSQE_FIXED_FILE,
      0,
      0,
      0,
      row,
      0,
      0,
      0,
      TAG_CANCEL,
      0,
      0,
      0,
    )
  }

  submit(sink: CompletionSink): number {
    if (this.#ring.unsubmitted > 0 || this.#ring.needsEnter()) this.#ring.enter(0, -1, 0)
    return this.poll(sink)
  }

  poll(sink: CompletionSink): number {
    this.#sink = sink
    return this.#ring.reap(this)
  }

  #sink: CompletionSink | null = null

  /** Sorts our own completions out. */
  completed(tag: number, res: number): void {
    if (tag >= 0) {
      if (this.#isBufferedWrite(tag * ROW_WORDS)) this.#bufferedWrites--
      ;(this.#sink as CompletionSink).completed(tag, res)
    } else if (tag === TAG_DOORBELL) this.#doorbellArmed = false
  }

  /** Only a transfer counts: a sync of the same row is no write. */
  #isBufferedWrite(at: number): boolean {
    const words = this.#words
    return (
      words[at + ROW_KIND] === OPERATION_WRITE &&
      words[at + ROW_PHASE] === PHASE_TRANSFER &&
      this.#bufferedFiles[words[at + ROW_FILE]] === 1
    )
  }

  block(timeoutMicros: number): void {
    if (!this.#doorbellArmed && this.#ring.room > 0) this.#armDoorbell()
    const together = this.#ring.hasMinWait ? Math.min(MOST_TOGETHER, this.#bufferedWrites >> 2) : 0
    if (together > 1) this.#ring.enter(together, timeoutMicros, GATHER_MICROS)
    else this.#ring.enter(1, timeoutMicros, 0)
  }

  /** A read of the eventfd: it completes when a client rings, and resets the count. */
  #armDoorbell(): void {
    const fixed = this.#controlAddress > 0
    const address = Math.abs(this.#controlAddress)
    this.#doorbellArmed = true
    this.#ring.push(
      fixed ? IORING_OP_READ_FIXED : IORING_OP_READ,
      IOSQE_FIXED_FILE,
      DOORBELL_FILE,
      0,
      0,
      address | 0,
      (address / 4294967296) | 0,
      8,
      0,
      TAG_DOORBELL,
      CONTROL_BUFFER,
      0,
      0,
    )
  }

  setParked(parked: boolean): void {
    this.#ring.setEventFd(parked)
  }

  registerFile(slot: number, fd: number, buffered: boolean): number {
    this.#bufferedFiles[slot] = buffered ? 1 : 0
    return this.#native.registerFile(slot, fd)
  }

  unregisterFile(slot: number): void {
    this.#native.registerFile(slot, -1)
  }

  attachArena(channel: number, arena: SharedArrayBuffer): void {
    const bytes = new Uint8Array(arena, 0, arena.byteLength)
    this.#arenas[channel] = bytes
    this.#bases[channel] = this.#binding.addressOf(bytes)
    this.#binding.dontFork(bytes)
  }

  detachArena(channel: number): void {
    for (let segment = 0; segment < this.#segments; segment++) {
      const at = channel * this.#segments + segment
      if (this.#segmentStates[at] === SEGMENT_FIXED) this.#native.registerBuffer(1 + at, null)
      this.#segmentStates[at] = SEGMENT_UNKNOWN
    }
    this.#arenas[channel] = null
    this.#bases[channel] = 0
  }

  /** The registered buffer that holds an arena's byte; 0 when it is not registered. */
  #bufferIndex(channel: number, offset: number): number {
    const at = channel * this.#segments + segmentOf(offset)
    const state = this.#segmentStates[at]
    if (state === SEGMENT_FIXED) return 1 + at
    return state === SEGMENT_PLAIN ? 0 : this.#registerSegment(channel, offset, at)
  }

  /** Memory is pinned when it is first used, so an arena costs only what is used of it. */
  #registerSegment(channel: number, offset: number, at: number): number {
    const segment = segmentOf(offset)
    const start = segmentStart(segment)
    const arena = this.#arenas[channel] as Uint8Array
    const view = new Uint8Array(
      arena.buffer,
      start,
      Math.min(segmentLength(segment), arena.length - start),
    )
    const result = this.#native.registerBuffer(1 + at, view)
    this.#segmentStates[at] = result < 0 ? SEGMENT_PLAIN : SEGMENT_FIXED
    return result < 0 ? 0 : 1 + at
  }

  close(drainMilliseconds: number): number {
    const left = this.#native.close(drainMilliseconds)
    this.#waker.close()
    return left
  }
}

/** True when every arena can be pinned whatever the clients do, so only fixed buffers are needed. */
function mayPinAll(binding: NativeBinding, options: UringEngineOptions): boolean {
  if (binding.hasIpcLock()) return true
  const ringBytes = 4 * 1024 * 1024
  return binding.memlockLimit() >= options.maxClients * options.arenaBytes + ringBytes
}
