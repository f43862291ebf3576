import {
  FILE_KIND_REGULAR,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
  PAGE_BYTES,
  sharedPages,
} from '@uring-actor/client/protocol'
import type { NativeBinding, NativeRing, NativeWaker } from '@uring-actor/native'
import type { OpenFile } from '../files/file-table.ts'
import {
  OperationTable,
  PHASE_TRANSFER,
  ROW_FILE,
  ROW_KIND,
  ROW_PHASE,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import { ArenaBuffers, bufferSlots, CONTROL_BUFFER } from './arena-buffers.ts'
import { BufferedWrites } from './buffered-writes.ts'
import { CachedWrites } from './cached-writes.ts'
import {
  type CompletionSink,
  type Engine,
  type EngineCounters,
  FIRST_FILE_SLOT,
  type Limitation,
  type ResultSink,
} from './engine.ts'
import {
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_FTRUNCATE,
  IORING_OP_READ,
  IORING_OP_READ_FIXED,
  IORING_OP_URING_CMD,
  IOSQE_FIXED_FILE,
} from './kernel-abi.ts'
import { type OpenedRing, openRing } from './open-ring.ts'
import { RequestEncoder } from './request-encoder.ts'
import type { Ring } from './ring.ts'
import { limitationsOf, mayPinAll } from './ring-limitations.ts'
import { RingUnavailable } from './ring-unavailable.ts'

/** Tags of our own requests; rows of the operation table are >= 0. */
const TAG_DOORBELL = -1
const TAG_CANCEL = -2
/** The doorbell has the first slot of the file table. */
const DOORBELL_FILE = 0

/**
 * Buffered writes that enter the ring are done by a kernel worker, some microseconds each; waking up for every one of
 * them costs more than they do. So many completions one wake-up waits for, and so long at most. A
 * device's completions are not gathered: whoever waits for them is to ask for the next at once.
 */
const MOST_TOGETHER = 8
const GATHER_MICROS = 30
const SQ_ENTRIES = 256
const OWN_ENTRIES = 8

export interface UringEngineOptions {
  /** Operations in flight, those included that every client can count on. */
  readonly queueDepth: number
  readonly maxClients: number
  readonly arenaBytes: number
  readonly maxFiles: number
  /** Writes that only go to the page cache are made by the calling thread. */
  readonly cachedWrites: boolean
  readonly kernelWorkers: readonly [number, number]
  readonly maskedOpcodes: readonly number[]
}

/** The engine that this project is about: one io_uring. */
export class UringEngine implements Engine {
  readonly name = 'io_uring'
  readonly canBlock = true
  readonly capacity: number
  readonly fileSlots: number
  readonly chainLength: number
  readonly restricted: boolean
  readonly doorbell: number
  readonly limitations: readonly Limitation[]
  leftOver = 0
  #ring: Ring
  #native: NativeRing
  #waker: NativeWaker
  #table: OperationTable
  #words: Int32Array
  #buffers: ArenaBuffers
  #encoder: RequestEncoder
  #opcodes: ReadonlySet<number>
  /** Where the doorbell is read to: a page of our own, kept alive here. */
  #control: Uint8Array
  #controlAddress: number
  #controlFixed: boolean
  #sink: ResultSink | null = null
  #doorbellArmed = false
  /** Rows to cancel for whose request there was no room: a submission was refused. */
  #cancelsDue: number[] = []
  readonly #bufferedWrites: BufferedWrites
  readonly #cachedWrites: CachedWrites
  readonly #mayWrite: boolean
  /** The row begun last is linked to the next one. */
  #linking = false

  private constructor(
    binding: NativeBinding,
    options: UringEngineOptions,
    restricted: boolean,
    waker: NativeWaker,
    opened: OpenedRing,
  ) {
    const doorbell = binding.doorbell()
    if (doorbell < 0) throw new RingUnavailable('eventfd', doorbell)
    this.doorbell = doorbell
    this.restricted = restricted
    this.#waker = waker
    this.#ring = opened.ring
    this.#native = opened.native
    this.#opcodes = opened.opcodes
    this.capacity = Math.min(options.queueDepth, opened.ring.cqEntries - OWN_ENTRIES)
    this.fileSlots = opened.fileSlots
    this.chainLength = Math.min(64, this.capacity, opened.ring.sqEntries - OWN_ENTRIES)
    this.#bufferedWrites = new BufferedWrites(opened.fileSlots)
    this.#table = new OperationTable(this.capacity)
    this.#words = this.#table.words
    this.#buffers = new ArenaBuffers(binding, opened.native, options.maxClients, options.arenaBytes)
    this.#encoder = new RequestEncoder(opened.ring, this.#buffers, this.#words)
    const { arenas } = this.#buffers
    this.#cachedWrites = new CachedWrites(this.#words, arenas, opened.fileSlots)
    this.#mayWrite = options.cachedWrites
    this.#control = new Uint8Array(sharedPages(PAGE_BYTES), 0, PAGE_BYTES)
    this.#controlAddress = binding.addressOf(this.#control)
    const registered = this.#native.registerBuffer(CONTROL_BUFFER, this.#control)
    if (registered < 0 && this.restricted) throw new RingUnavailable('a buffer', registered)
    this.#controlFixed = registered >= 0
    const ring = this.#native.registerFile(DOORBELL_FILE, doorbell)
    if (ring < 0) throw new RingUnavailable('registering the doorbell', ring)
    this.limitations = limitationsOf(binding, options, opened, this)
    this.setParked(false)
  }

  /** Sets a ring up. Throws RingUnavailable where it cannot be had, and leaves nothing behind. */
  static open(
    binding: NativeBinding,
    options: UringEngineOptions,
    onWake: () => void,
  ): UringEngine {
    const restricted = mayPinAll(binding, options)
    const waker = binding.createWaker(onWake)
    if (typeof waker === 'number') throw new RingUnavailable('eventfd', waker)
    let opened: OpenedRing | null = null
    try {
      opened = openRing(binding, {
        sqEntries: SQ_ENTRIES,
        // The kernel refuses a completion queue that is smaller than the submission queue.
        cqEntries: Math.max(SQ_ENTRIES, options.queueDepth + OWN_ENTRIES),
        fileSlots: options.maxFiles + FIRST_FILE_SLOT,
        bufferSlots: bufferSlots(options.maxClients, options.arenaBytes),
        fixedBuffersOnly: restricted,
        kernelWorkers: options.kernelWorkers,
        eventFd: waker.fd,
        maskedOpcodes: options.maskedOpcodes,
      })
      return new UringEngine(binding, options, restricted, waker, opened)
    } catch (error) {
      opened?.native.close(0)
      waker.close()
      throw error
    }
  }

  /** The rows that this engine begins; as many as can be in flight. */
  get table(): OperationTable {
    return this.#table
  }

  get room(): number {
    return this.#ring.room - this.#cachedWrites.waiting
  }
  get unsubmitted(): number {
    return this.#ring.unsubmitted + this.#cachedWrites.waiting
  }
  get inFlight(): number {
    return this.#ring.inFlight + this.#cachedWrites.waiting - (this.#doorbellArmed ? 1 : 0)
  }
  get counters(): EngineCounters {
    const { enters, submissions, submitted, overflow } = this.#ring
    return { enters, submissions, submitted, overflow, cachedWrites: this.#cachedWrites.made }
  }

  hasWork(): boolean {
    return this.#cachedWrites.waiting > 0 || this.#ring.hasWork()
  }

  supports(kind: number, blockDevice: boolean): boolean {
    if (kind === OPERATION_TRUNCATE) return this.#opcodes.has(IORING_OP_FTRUNCATE)
    if (kind === OPERATION_TRIM && blockDevice) return this.#opcodes.has(IORING_OP_URING_CMD)
    return true
  }

  begin(row: number, linked: boolean): void {
    const inChain = linked || this.#linking
    this.#linking = linked
    this.#table.begun(row)
    if (inChain || !this.#cachedWrites.take(row)) this.#enterRing(row, linked)
  }

  #enterRing(row: number, linked: boolean): void {
    const at = row * ROW_WORDS
    if (this.#isWrite(at)) this.#bufferedWrites.begun(this.#words[at + ROW_FILE])
    this.#cachedWrites.locks.entered(at)
    this.#encoder.encode(row, linked)
  }

  #handOver = (row: number): boolean => {
    if (this.#ring.room === 0) return false
    this.#enterRing(row, false)
    return true
  }

  beginSync(row: number, file: number, data: boolean): void {
    this.#table.begun(row)
    this.#encoder.encodeSync(row, file, data)
  }

  cancel(row: number): void {
    if (this.#ring.room === 0) this.#ring.enter(0, -1, 0)
    if (this.#ring.room > 0) this.#pushCancel(row)
    else this.#cancelsDue.push(row)
  }

  #pushCancel(row: number): void {
    const opcode = IORING_OP_ASYNC_CANCEL
    // biome-ignore format: one request, one line of its fields
    this.#ring.push(opcode, IOSQE_FIXED_FILE, 0, 0, 0, row, 0, 0, 0, TAG_CANCEL, 0, 0, 0)
  }

  submit(sink: CompletionSink): number {
    while (this.#cancelsDue.length > 0 && this.#ring.room > 0) {
      this.#pushCancel(this.#cancelsDue.pop() as number)
    }
    const writes = this.#cachedWrites.waiting > 0
    const enters = this.#ring.unsubmitted > 0 || this.#ring.needsEnter()
    // Devices are to have their work first.
    if (enters) this.#ring.enter(0, -1, 0)
    const refused = this.#ring.unsubmitted
    this.leftOver = refused + (writes ? this.#cachedWrites.make(this.#handOver) : 0)
    if (enters || writes) sink.reaping()
    const completed = this.poll(sink)
    this.#bufferedWrites.submitted()
    return writes ? completed + this.#cachedWrites.deliver(sink) : completed
  }

  poll(sink: ResultSink): number {
    this.#sink = sink
    return this.#ring.reap(this)
  }

  /** Sorts our own completions out. */
  completed(tag: number, res: number): void {
    if (tag >= 0) {
      const at = tag * ROW_WORDS
      if (this.#isWrite(at)) this.#bufferedWrites.ended(this.#words[at + ROW_FILE])
      this.#cachedWrites.locks.left(at)
      // Whoever has the row next is not to be cancelled.
      if (this.#cancelsDue.length > 0)
        this.#cancelsDue = this.#cancelsDue.filter((row) => row !== tag)
      ;(this.#sink as ResultSink).completed(tag, res)
    } else if (tag === TAG_DOORBELL) this.#doorbellArmed = false
  }

  /** Only a transfer counts: a sync of the same row is no write. */
  #isWrite(at: number): boolean {
    const words = this.#words
    return words[at + ROW_KIND] === OPERATION_WRITE && words[at + ROW_PHASE] === PHASE_TRANSFER
  }

  takeWorkers(): number {
    return this.#bufferedWrites.takeWorkers()
  }

  hasWorkers(): boolean {
    return this.#bufferedWrites.total > 0
  }

  block(timeoutMicros: number): void {
    if (!this.#doorbellArmed && this.#ring.room > 0) this.#armDoorbell()
    const writes = this.#bufferedWrites.total
    const together = this.#ring.hasMinWait ? Math.min(MOST_TOGETHER, writes >> 2) : 0
    if (together > 1) this.#ring.enter(together, timeoutMicros, GATHER_MICROS)
    else this.#ring.enter(1, timeoutMicros, 0)
  }

  /** A read of the eventfd: it completes when a client rings, and resets the count. */
  #armDoorbell(): void {
    const opcode = this.#controlFixed ? IORING_OP_READ_FIXED : IORING_OP_READ
    const low = this.#controlAddress | 0
    const high = (this.#controlAddress / 4294967296) | 0
    this.#doorbellArmed = true
    // biome-ignore format: one request, one line of its fields
    this.#ring.push(opcode, IOSQE_FIXED_FILE, DOORBELL_FILE, 0, 0, low, high, 8, 0, TAG_DOORBELL, CONTROL_BUFFER, 0, 0)
    this.#ring.markOwn()
  }

  setParked(parked: boolean): void {
    this.#ring.setEventFd(parked)
  }

  registerFile(file: OpenFile): number {
    const registered = this.#native.registerFile(file.slot, file.fd)
    if (registered < 0) return registered
    this.#bufferedWrites.fileOpened(file.slot, file.kind === FILE_KIND_REGULAR && !file.direct)
    if (this.#mayWrite) this.#cachedWrites.fileOpened(file)
    return registered
  }

  unregisterFile(slot: number): void {
    this.#cachedWrites.fileClosed(slot)
    this.#native.registerFile(slot, -1)
  }

  attachArena(channel: number, arena: SharedArrayBuffer): void {
    this.#buffers.attach(channel, arena)
  }

  detachArena(channel: number): void {
    this.#buffers.detach(channel)
  }

  close(drainMilliseconds: number): number {
    const left = this.#native.close(drainMilliseconds)
    this.#waker.close()
    this.#cachedWrites.close()
    return left
  }
}
