import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import {
  OPERATION_CLOSE,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { Channel } from '#dist/channels/channel.js'
import type {
  CompletionSink,
  Engine,
  EngineCounters,
  Limitation,
  ResultSink,
} from '#dist/engine/engine.js'
import type { FileCallEvents, FileCalls } from '#dist/files/file-calls.js'
import { type FileTable, OpenFile } from '#dist/files/file-table.js'
import {
  OperationTable,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_WORDS,
} from '#dist/operations/operation-table.js'
import { assertHarmless } from './invariants.ts'
import type { Random } from './random.ts'

/** What a kernel answers: nothing wrong, interrupted, again, and the rest of what there is. */
const RESULTS: readonly number[] = [-4, -5, -11, -22, -28, -95, -125]

const EINTR = -4
const ECANCELED = -125

/** Slow enough that there are often too few rows for all. */
const MOST_AT_ONCE = 6

/** The client that keeps to the rules gets what it asks for; the others get anything. */
const VICTIM = 0

/**
 * An engine without a kernel: it holds every row that it is to begin against the invariants, keeps it
 * in flight for a while, and answers with anything that a kernel might.
 */
export class FakeEngine implements Engine {
  readonly name = 'io_uring'
  readonly table: OperationTable
  readonly capacity: number
  readonly fileSlots = 64
  readonly chainLength = 8
  readonly restricted = true
  readonly doorbell = -1
  readonly canBlock = false
  readonly limitations: readonly Limitation[] = []
  readonly counters: EngineCounters = {
    enters: 0,
    submissions: 0,
    submitted: 0,
    overflow: 0,
    cachedWrites: 0,
  }
  /** Rows checked against the invariants. */
  checked = 0
  cancels = 0
  readonly arenas: Set<number> = new Set()
  #begun: number[] = []
  #inFlight: number[] = []
  #cancelled = new Set<number>()
  #random: Random
  #files: FileTable
  #channels: ReadonlyArray<Channel | null> = []

  constructor(capacity: number, files: FileTable, random: Random) {
    this.capacity = capacity
    this.table = new OperationTable(capacity)
    this.#files = files
    this.#random = random
  }

  setChannels(channels: ReadonlyArray<Channel | null>): void {
    this.#channels = channels
  }

  get room(): number {
    return 16 - this.#begun.length
  }
  get unsubmitted(): number {
    return this.#begun.length
  }
  readonly leftOver = 0
  get inFlight(): number {
    return this.#inFlight.length
  }
  takeWorkers(): number {
    return 0
  }

  hasWorkers(): boolean {
    return false
  }

  hasWork(): boolean {
    return this.#inFlight.length > 0
  }
  supports(kind: number): boolean {
    return kind !== 8
  }

  begin(row: number): void {
    assert.ok(this.room > 0, 'there is room')
    this.check(row)
    this.#begin(row)
  }

  beginSync(row: number, slot: number): void {
    const file = this.#files.at(slot)
    const channel = this.table.words[row * ROW_WORDS + ROW_CHANNEL]
    assert.equal(file?.channel, channel, 'a sync of a file of this very client')
    this.#begin(row)
  }

  #begin(row: number): void {
    assert.ok(!this.#begun.includes(row) && !this.#inFlight.includes(row), `${row} is in flight`)
    this.#begun.push(row)
  }

  check(row: number): void {
    this.checked++
    assertHarmless(this.table.words, row, this.#channels, this.#files)
    const channel = this.table.words[row * ROW_WORDS + ROW_CHANNEL]!
    assert.ok(this.arenas.has(channel), 'its memory is attached')
  }

  /** Only who asks for it is cancelled, and only what the engine may have. */
  cancel(row: number): void {
    assert.notEqual(this.table.words[row * ROW_WORDS + ROW_CHANNEL], VICTIM, 'it never asks')
    if (this.#inFlight.includes(row)) this.#cancelled.add(row)
    this.cancels++
  }

  submit(sink: CompletionSink): number {
    this.#inFlight.push(...this.#begun.splice(0))
    return this.poll(sink)
  }

  /** Completes some, in any order. */
  poll(sink: ResultSink): number {
    const count = this.#random.below(Math.min(this.#inFlight.length, MOST_AT_ONCE) + 1)
    for (let completed = 0; completed < count; completed++) {
      const index = this.#random.below(this.#inFlight.length)
      const row = this.#inFlight[index]!
      this.#inFlight[index] = this.#inFlight.at(-1)!
      this.#inFlight.pop()
      const stopped = this.#cancelled.delete(row) && !this.#random.oneIn(3)
      const cancelled = this.#random.oneIn(2) ? ECANCELED : EINTR
      sink.completed(row, stopped ? cancelled : this.#resultOf(row))
    }
    return count
  }

  #resultOf(row: number): number {
    const { words } = this.table
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]!
    const transfer = kind === OPERATION_READ || kind === OPERATION_WRITE
    const most = transfer ? words[at + ROW_LEN]! - words[at + ROW_DONE]! : 0
    if (words[at + ROW_CHANNEL] === VICTIM || this.#random.below(4) > 0) return most
    return this.#random.oneIn(2) ? this.#random.below(most + 1) : this.#random.from(RESULTS)
  }

  block(): void {}
  setParked(): void {}
  registerFile(): number {
    return 0
  }
  unregisterFile(): void {}
  attachArena(channel: number): void {
    assert.ok(!this.arenas.has(channel))
    this.arenas.add(channel)
  }
  detachArena(channel: number): void {
    const rows = [...this.#begun, ...this.#inFlight]
    for (const row of rows) {
      const owner = this.table.words[row * ROW_WORDS + ROW_CHANNEL]
      assert.notEqual(owner, channel, 'memory that the kernel may still write to is let go')
    }
    this.arenas.delete(channel)
  }
  close(): number {
    return 0
  }
}

/** Opening, closing and metadata, with the same doubts. */
export class FakeCalls implements FileCalls {
  pending = 0
  #due: Array<() => void> = []
  #engine: FakeEngine
  #files: FileTable
  #random: Random
  #events: FileCallEvents

  constructor(engine: FakeEngine, files: FileTable, random: Random, events: FileCallEvents) {
    this.#engine = engine
    this.#files = files
    this.#random = random
    this.#events = events
  }

  begin(row: number): void {
    this.#engine.check(row)
    const { words } = this.#engine.table
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]!
    if (kind === OPERATION_CLOSE) {
      const file = this.#files.at(words[at + ROW_FILE]!) as OpenFile
      this.closeFile(file, (res) => this.#events.settled(row, res, 0))
      return
    }
    const channel = words[at + ROW_CHANNEL]!
    this.#due.push(() => {
      const fails = channel !== VICTIM && this.#random.oneIn(4)
      if (kind === OPERATION_OPEN) this.#opened(row, channel)
      else this.#events.settled(row, fails ? -5 : 0, 0)
    })
  }

  #opened(row: number, channel: number): void {
    const slot = this.#random.oneIn(2) ? this.#files.claim() : -1
    if (slot < 0) {
      this.#events.settled(row, -2, 0)
      return
    }
    const file = openFile(this.#files, slot, channel, this.#random.below(4), this.#random.below(3))
    this.#events.settled(row, slot, file.generation)
  }

  closeFile(file: OpenFile, done: (res: number) => void): void {
    assert.equal(file.inFlight, file.closing >= 0 ? 1 : 0, 'nothing else is in flight on it')
    this.#due.push(() => {
      assert.equal(file.inFlight, file.closing >= 0 ? 1 : 0, 'and nothing has come meanwhile')
      this.#files.release(file.slot)
      done(0)
    })
  }

  /** Answers some of the calls, in any order. */
  settle(): void {
    for (let left = this.#random.below(this.#due.length + 1); left > 0; left--) {
      const [call] = this.#due.splice(this.#random.below(this.#due.length), 1)
      call!()
    }
  }
}

export function openFile(
  files: FileTable,
  slot: number,
  channel: number,
  access: number,
  kind: number,
): OpenFile {
  const flags = access === 3 ? constants.O_RDWR | constants.O_APPEND : access
  const file = new OpenFile(slot, files.generationOf(slot), 100, channel, flags, kind, 512, 512)
  files.put(file)
  return file
}
