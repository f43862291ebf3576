import {
  FILE_KIND_OTHER,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import { errnoOf } from '../files/errno.ts'
import type { OpenFile } from '../files/file-table.ts'
import { withoutWaiting } from '../files/without-waiting.ts'
import type { Host } from '../host/host.ts'
import {
  OperationTable,
  ROW_ASKED,
  ROW_FILE,
  ROW_KIND,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import {
  type CompletionSink,
  type Engine,
  type EngineCounters,
  FIRST_FILE_SLOT,
  type Limitation,
  type ResultSink,
} from './engine.ts'
import { Line } from './line.ts'
import { DO_DATASYNC, DO_OPERATION, DO_SYNC, isTransfer, PoolCalls } from './pool-calls.ts'
import { RowLinks } from './row-queue.ts'
import { RowResults } from './row-results.ts'

const EAGAIN = -11
const ECANCELED = -125

const NONE = -1

/**
 * Requests in the pool at a time, for each of its threads: with fewer, threads wait for the event
 * loop; with more, whoever else needs the pool waits for us.
 */
export const REQUESTS_PER_THREAD = 4

const NO_ADDON: Limitation = {
  text:
    'there is no addon: trim and allocate write zeroes, syncRange syncs the whole file, ' +
    'and direct I/O goes by the alignment that sysfs tells, or by 4096',
  warn: true,
}

/** Not in this engine. */
const STATE_FREE = 0
/** Begun and not submitted, or behind the one that it is linked to. */
const STATE_WAITING = 1
/** In a line. */
const STATE_QUEUED = 2
/** A thread of the pool has it, or soon will: nobody can call it back. */
const STATE_RUNNING = 3

export interface ThreadPoolOptions {
  /** Operations in flight, those included that every client can count on. */
  readonly queueDepth: number
  readonly maxClients: number
  readonly maxFiles: number
  /** Threads of libuv's pool. */
  readonly poolThreads: number
}

/**
 * The engine for where io_uring cannot be had: node:fs, in the actor's thread, on libuv's pool of
 * threads. That pool is the whole process's, so only a few requests are in it at a time. The others
 * stand in a line of our own, where they can be cancelled.
 */
export class ThreadPoolEngine implements Engine {
  readonly name = 'threadpool'
  readonly canBlock = false
  readonly restricted = false
  readonly doorbell = -1
  readonly limitations: readonly Limitation[]
  readonly capacity: number
  readonly fileSlots: number
  readonly chainLength: number
  readonly table: OperationTable
  readonly counters: EngineCounters & { submitted: number } = {
    enters: 0,
    submissions: 0,
    submitted: 0,
    overflow: 0,
    cachedWrites: 0,
  }
  unsubmitted = 0
  readonly leftOver = 0
  inFlight = 0
  readonly #host: Host
  readonly #onWake: () => void
  readonly #words: Int32Array
  readonly #calls: PoolCalls
  /** Per row. */
  readonly #states: Uint8Array
  readonly #duties: Uint8Array
  readonly #cancelled: Uint8Array
  /** The row that waits for this one's success, or NONE. */
  readonly #followers: Int32Array
  /** Rows begun and not submitted; of linked ones the first. */
  readonly #begun: number[] = []
  /** The row begun last, if the next one is linked to it. */
  #linkedTo = NONE
  readonly #links: RowLinks
  /** Regular files and devices share a line; what may have to wait has lines of its own. */
  readonly #line: Line
  readonly #readLines: Array<Line | null>
  readonly #writeLines: Array<Line | null>
  readonly #results: RowResults

  constructor(host: Host, options: ThreadPoolOptions, onWake: () => void) {
    const capacity = options.queueDepth
    const slots = options.maxFiles + FIRST_FILE_SLOT
    this.#host = host
    this.limitations = host.binding === null ? [NO_ADDON] : []
    this.#onWake = onWake
    this.capacity = capacity
    this.fileSlots = slots
    this.chainLength = Math.min(64, capacity)
    this.table = new OperationTable(capacity)
    this.#words = this.table.words
    const returned = (row: number, res: number): void => this.#returned(row, res)
    this.#calls = new PoolCalls(host, this.table, options.maxClients, slots, returned)
    this.#states = new Uint8Array(capacity)
    this.#duties = new Uint8Array(capacity)
    this.#cancelled = new Uint8Array(capacity)
    this.#followers = new Int32Array(capacity).fill(NONE)
    this.#links = new RowLinks(capacity)
    this.#line = new Line(this.#links, options.poolThreads * REQUESTS_PER_THREAD)
    this.#readLines = new Array(slots).fill(null)
    this.#writeLines = new Array(slots).fill(null)
    this.#results = new RowResults(capacity)
  }

  /** A row has one request at a time, so there is room for whichever asks. */
  get room(): number {
    return this.capacity - this.unsubmitted
  }

  /** The threads of the pool are not counted: they mostly wait for each other. */
  takeWorkers(): number {
    return 0
  }

  hasWorkers(): boolean {
    return this.inFlight > 0
  }

  hasWork(): boolean {
    return this.#results.count > 0
  }

  supports(): boolean {
    return true
  }

  begin(row: number, linked: boolean): void {
    this.#begin(row, DO_OPERATION, linked)
  }

  beginSync(row: number, _file: number, data: boolean): void {
    this.#begin(row, data ? DO_DATASYNC : DO_SYNC, false)
  }

  #begin(row: number, duty: number, linked: boolean): void {
    this.table.begun(row)
    this.#states[row] = STATE_WAITING
    this.#duties[row] = duty
    this.#cancelled[row] = 0
    if (this.#linkedTo === NONE) this.#begun.push(row)
    else this.#followers[this.#linkedTo] = row
    this.#linkedTo = linked ? row : NONE
    this.unsubmitted++
  }

  /** Takes a row out that no thread has begun; the others complete as they do. */
  cancel(row: number): void {
    const state = this.#states[row]
    this.#cancelled[row] = 1
    if (state !== STATE_QUEUED) return
    this.#lineOf(row).queue.remove(row)
    this.#settle(row, ECANCELED)
  }

  submit(sink: CompletionSink): number {
    const begun = this.#begun
    this.counters.submitted += this.unsubmitted
    this.inFlight += this.unsubmitted
    this.unsubmitted = 0
    for (const row of begun) this.#enqueue(row)
    begun.length = 0
    return this.poll(sink)
  }

  poll(sink: ResultSink): number {
    const results = this.#results
    let delivered = 0
    while (results.count > 0) {
      const row = results.row
      const res = results.res
      results.advance()
      this.inFlight--
      delivered++
      sink.completed(row, res)
    }
    return delivered
  }

  /** There is no kernel to sleep in: what completes comes through the event loop. */
  block(): void {}

  setParked(): void {}

  #enqueue(row: number): void {
    if (this.#cancelled[row] === 1) {
      this.#settle(row, ECANCELED)
      return
    }
    const kind = this.#words[row * ROW_WORDS + ROW_KIND]
    if (kind === OPERATION_NOP) {
      this.#settle(row, 0)
      return
    }
    const line = this.#lineOf(row)
    this.#states[row] = STATE_QUEUED
    line.queue.push(row)
    this.#advance(line)
  }

  #lineOf(row: number): Line {
    const at = row * ROW_WORDS
    if (this.#duties[row] !== DO_OPERATION) return this.#line
    const slot = this.#words[at + ROW_FILE]
    const kind = this.#words[at + ROW_KIND]
    if (kind === OPERATION_READ) return this.#readLines[slot] ?? this.#line
    return (kind === OPERATION_WRITE ? this.#writeLines[slot] : null) ?? this.#line
  }

  /** Hands over to the pool what may be in it. */
  #advance(line: Line): void {
    while (line.mayRun) {
      const row = line.queue.shift()
      line.running++
      this.#states[row] = STATE_RUNNING
      try {
        this.#calls.begin(row, this.#duties[row])
      } catch (error) {
        // node:fs throws at arguments that the kernel would refuse.
        line.running--
        this.#settle(row, errnoOf(error as NodeJS.ErrnoException))
      }
    }
  }

  /** A request has come back from the pool. */
  #returned(row: number, res: number): void {
    const line = this.#lineOf(row)
    line.running--
    if (res === EAGAIN && line.patient && this.#cancelled[row] === 0) {
      this.#states[row] = STATE_QUEUED
      line.queue.unshift(row)
      line.rest(() => this.#advance(line))
      return
    }
    line.worked()
    this.#settle(row, res === EAGAIN && line.patient ? ECANCELED : res)
    this.#advance(line)
    this.#onWake()
  }

  /** A row has its result; who waits for it may begin, or never will. */
  #settle(row: number, res: number): void {
    this.#states[row] = STATE_FREE
    this.#results.add(row, res)
    const follower = this.#followers[row]
    if (follower === NONE) return
    this.#followers[row] = NONE
    if (this.#succeeded(row, res)) this.#enqueue(follower)
    else this.#settle(follower, ECANCELED)
  }

  /** As the ring has it: a short transfer breaks a link too. */
  #succeeded(row: number, res: number): boolean {
    const at = row * ROW_WORDS
    const transfer = isTransfer(this.#words[at + ROW_KIND]) && this.#duties[row] === DO_OPERATION
    if (!transfer) return res >= 0
    return res === this.#words[at + ROW_ASKED]
  }

  registerFile(file: OpenFile): number {
    const { slot } = file
    this.#calls.files[slot] = file
    if (file.kind !== FILE_KIND_OTHER) return 0
    const patient = withoutWaiting(file)
    this.#readLines[slot] = new Line(this.#links, 1, patient)
    this.#writeLines[slot] = new Line(this.#links, 1, patient)
    return 0
  }

  unregisterFile(slot: number): void {
    this.#calls.files[slot] = null
    this.#readLines[slot] = null
    this.#writeLines[slot] = null
  }

  attachArena(channel: number, arena: SharedArrayBuffer): void {
    const bytes = new Uint8Array(arena, 0, arena.byteLength)
    this.#calls.arenas[channel] = bytes
    this.#host.dontFork(bytes)
  }

  detachArena(channel: number): void {
    this.#calls.arenas[channel] = null
  }

  /** What a thread of the pool has begun, node waits for before it lets this thread's memory go. */
  close(): number {
    for (let row = 0; row < this.capacity; row++) this.cancel(row)
    return this.#states.filter((state) => state === STATE_RUNNING).length
  }
}
