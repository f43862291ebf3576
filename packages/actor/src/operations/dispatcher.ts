import {
  FILE_KIND_BLOCK_DEVICE,
  nowMicros,
  OPERATION_CLOSE,
  OPERATION_DETACH,
  OPERATION_READ,
  OPERATION_TRIM,
  OPERATION_WRITE,
  REQUEST_DURABLE,
  TRIM_DISCARD,
  TRIM_HOLE,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { CompletionSink, Engine } from '../engine/engine.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { FileTable, OpenFile } from '../files/file-table.ts'
import { Cancelling } from './cancelling.ts'
import { Chains } from './chains.ts'
import { FileSyncs } from './file-syncs.ts'
import { Judge } from './judge.ts'
import {
  type OperationTable,
  PHASE_TRANSFER,
  ROW_BY_POOL,
  ROW_CANCELLED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_FLAGS,
  ROW_KIND,
  ROW_PHASE,
  ROW_RW_FLAGS,
  ROW_TIMES,
  ROW_USER_HIGH,
  ROW_USER_LOW,
  ROW_WORDS,
  TIME_SUBMITTED,
  TIME_TAKEN,
} from './operation-table.ts'
import { OwnPositions } from './own-position.ts'
import { AGAIN, ELSEWHERE, FAILED } from './verdict.ts'

const EIO = -5
const ECANCELED = -125

/** What the dispatcher tells the rest of the actor. */
export interface DispatchEvents {
  /** The last request of a client runs: all before it have completed. */
  detach(channel: Channel, row: number): void
  /** A channel that is dead has nothing in flight any more. */
  drained(channel: Channel): void
}

/**
 * The life of an operation from the moment it is taken: begun, resumed when it was short, synced,
 * completed. The same for every engine.
 */
export class Dispatcher implements CompletionSink {
  readonly table: OperationTable
  readonly syncs: FileSyncs
  /** The time of this turn's last clock reading, in microseconds. */
  now = 0
  /** The actor's own time for one operation, in microseconds, as measured in the last turn. */
  busyShare = 0
  readonly judge: Judge
  maxInFlight = 0
  /** Channels with completions that were not published. */
  readonly unpublished: Channel[] = []
  #positions: OwnPositions
  #engine: Engine
  #files: FileTable
  #metadata: FileCalls
  #channels: ReadonlyArray<Channel | null>
  #events: DispatchEvents
  #chains: Chains
  #cancelling: Cancelling
  #waiting: number[] = []

  constructor(
    engine: Engine,
    table: OperationTable,
    files: FileTable,
    metadata: FileCalls,
    channels: ReadonlyArray<Channel | null>,
    events: DispatchEvents,
  ) {
    this.table = table
    this.syncs = new FileSyncs(table, engine, files, {
      retried: () => this.judge.retries++,
      settled: (row, result) => this.#syncSettled(row, result),
    })
    this.judge = new Judge(table, files)
    this.#positions = new OwnPositions(table)
    this.#engine = engine
    this.#files = files
    this.#metadata = metadata
    this.#channels = channels
    this.#events = events
    this.#chains = new Chains(table, engine, {
      judge: (row, res) => this.judge.judge(row, res),
      inEngine: (row) => this.#inEngine(row),
      beginElsewhere: (row) => {
        if (!this.syncs.join(row)) this.#beginElsewhere(row)
      },
      syncs: this.syncs,
      submit: () => this.#submit(),
      finish: (row, res, extra, flags) => this.finish(row, res, extra, flags),
    })
    this.#cancelling = new Cancelling(table, engine, files, {
      now: () => this.now,
      waiting: this.#waiting,
      chains: this.#chains,
      submit: () => this.#submit(),
      finish: (row, res, extra, flags) => this.finish(row, res, extra, flags),
    })
  }

  /** Begins an operation that was taken and found good. */
  begin(row: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    const slot = words[at + ROW_FILE]
    words[at + ROW_PHASE] = PHASE_TRANSFER
    if (this.syncs.join(row)) return
    if (kind === OPERATION_CLOSE) {
      this.#beginClose(this.#fileAt(slot), row)
    } else if (kind === OPERATION_DETACH) {
      this.#events.detach(this.#channels[words[at + ROW_CHANNEL]] as Channel, row)
    } else if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      if (this.#positions.take(this.#fileAt(slot), row)) this.#start(row)
    } else if (kind < OPERATION_CLOSE && this.#inEngine(row)) {
      this.#start(row)
    } else {
      this.#beginElsewhere(row)
    }
  }

  /** node:fs does it, from now on. */
  #beginElsewhere(row: number): void {
    this.table.submittedAt(row, this.now)
    this.#metadata.begin(row)
  }

  /** Submits what was begun in the middle of a cycle, to make room. */
  #submit(): void {
    this.table.submitted(this.now)
    this.#engine.submit(this)
  }

  /** What the engine delivers from here on has completed by now. */
  reaping(): void {
    this.now = nowMicros()
  }

  /** Begins the members of a chain; it fails at the one that was refused, if any was. */
  beginChain(rows: readonly number[], refused: number = rows.length, refusal: number = 0): void {
    this.#chains.begin(rows, refused, refusal)
  }

  /** Requests that found no room in the engine; they go first in the next turn. */
  resume(): void {
    this.#cancelling.askAgain()
    this.#chains.resume()
    while (this.#waiting.length > 0 && this.#engine.room > 0) {
      this.#engine.begin(this.#waiting.shift() as number, false)
    }
  }

  #start(row: number): void {
    if (this.#isByPool(row)) this.#beginElsewhere(row)
    else if (this.#engine.room > 0 && this.#waiting.length === 0) this.#engine.begin(row, false)
    else this.#waiting.push(row)
  }

  /** Only transfers are: the ring gives the others to a kernel worker that may wait. */
  #isByPool(row: number): boolean {
    const words = this.table.words
    const at = row * ROW_WORDS
    if ((words[at + ROW_FLAGS] & ROW_BY_POOL) === 0) return false
    const kind = words[at + ROW_KIND]
    return kind === OPERATION_READ || kind === OPERATION_WRITE
  }

  /** OPERATION_OPEN and what follows are never the engine's; the rest is where it can. */
  #inEngine(row: number): boolean {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    if (kind > 8 || this.#isByPool(row)) return false
    const slot = words[at + ROW_FILE]
    const device = slot >= 0 && this.#fileAt(slot).kind === FILE_KIND_BLOCK_DEVICE
    // For the engine, 1 in this word says that a trim is a discard of a block device.
    if (kind === OPERATION_TRIM) words[at + ROW_RW_FLAGS] = device ? 1 : 0
    return this.#engine.supports(kind, device)
  }

  /** The engine's result of a row's request. */
  completed(row: number, res: number): void {
    if (this.syncs.completed(row, res) || this.#chains.completed(row, res)) return
    const verdict = this.judge.judge(row, res)
    if (verdict === AGAIN) this.#again(row)
    else if (verdict === ELSEWHERE) this.#beginElsewhere(row)
    else this.#afterTransfer(row, verdict, res)
  }

  /** The same of a transfer that went through node:fs. */
  transferred(row: number, res: number): void {
    this.reaping()
    this.completed(row, res)
  }

  /** The rest of a short transfer, or the same once more; but not of what is cancelled. */
  #again(row: number): void {
    if (this.#isCancelled(row)) this.#cancelling.interrupt(row)
    else this.#start(row)
  }

  #isCancelled(row: number): boolean {
    return (this.table.words[row * ROW_WORDS + ROW_FLAGS] & ROW_CANCELLED) !== 0
  }

  /** Cancels an operation; it completes all the same. */
  cancel(row: number): void {
    this.#cancelling.cancel(row)
  }

  /** Completes an operation that was cancelled before it was begun. */
  finishCancelled(row: number): void {
    this.#cancelling.finish(row)
  }

  #afterTransfer(row: number, verdict: number, res: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    const done = words[at + ROW_DONE]
    if (verdict === FAILED && res === ECANCELED && this.#isCancelled(row)) {
      this.#cancelling.interrupt(row)
    } else if (verdict === FAILED) {
      const error = res < 0 ? res : EIO
      // Bytes that were read before the error are a read that is short, as in read(2).
      if (kind === OPERATION_READ && done > 0) this.finish(row, done, 0, 0)
      else this.finish(row, error, done, 0)
    } else if (kind === OPERATION_WRITE && words[at + ROW_FLAGS] & REQUEST_DURABLE) {
      // Those that come after it share its sync.
      this.#passPosition(this.#fileAt(words[at + ROW_FILE]), row)
      this.syncs.joinWritten(row)
    } else if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      this.finish(row, done, 0, 0)
    } else if (kind === OPERATION_TRIM) {
      const byRing = words[at + ROW_RW_FLAGS] === 1 ? TRIM_DISCARD : TRIM_HOLE
      this.finish(row, 0, res > 0 ? res : byRing, 0)
    } else {
      this.finish(row, 0, 0, 0)
    }
  }

  #syncSettled(row: number, result: number): void {
    if (this.#chains.settled(row, result, 0)) return
    const words = this.table.words
    const at = row * ROW_WORDS
    const write = words[at + ROW_KIND] === OPERATION_WRITE
    const done = words[at + ROW_DONE]
    this.finish(row, result < 0 ? result : write ? done : 0, result < 0 ? done : 0, 0)
  }

  #beginClose(file: OpenFile, row: number): void {
    if (file.closing >= 0) {
      this.finish(row, -9, 0, 0)
      return
    }
    file.closing = row
    this.#closeWhenIdle(file)
  }

  #closeWhenIdle(file: OpenFile): void {
    // The close itself is counted too.
    if (file.closing < 0 || file.inFlight > 1) return
    this.#beginElsewhere(file.closing)
  }

  /** A metadata call's result: to the operation, or to the chain that it is a member of. */
  settled(row: number, res: number, extra: number): void {
    this.reaping()
    if (!this.#chains.settled(row, res, extra)) this.finish(row, res, extra, 0)
  }

  /** Completes an operation: its client hears of it when the channel is published next. */
  finish(row: number, res: number, extra: number, flags: number): void {
    const { words, times } = this.table
    const at = row * ROW_WORDS
    const time = row * ROW_TIMES
    const channel = this.#channelOf(row)
    const kind = words[at + ROW_KIND]
    const slot = words[at + ROW_FILE]
    if (!channel.dirty) this.unpublished.push(channel)
    channel.counts.add(kind, res)
    channel.complete(
      words[at + ROW_USER_LOW],
      words[at + ROW_USER_HIGH],
      res,
      extra,
      flags,
      times[time + TIME_TAKEN],
      // What nothing was asked of the kernel for was on our side until now.
      times[time + TIME_SUBMITTED] || this.now,
      this.now,
      this.busyShare,
    )
    const file = slot >= 0 ? this.#files.at(slot) : null
    if (file?.positionHolder === row) this.#passPosition(file, row)
    this.table.free(row)
    if (file !== null) {
      file.inFlight--
      if (file.closing >= 0) this.#closeWhenIdle(file)
    }
    if (channel.inFlight === 0 && channel.dead) this.#events.drained(channel)
  }

  /** The next one at the file's own position goes on where this row has ended, if it was one. */
  #passPosition(file: OpenFile, row: number): void {
    const next = this.#positions.release(file, row)
    if (next >= 0 && this.#positions.take(file, next)) this.#start(next)
  }

  /** Takes a row back that was copied and checked, and not begun. */
  forget(row: number): void {
    const slot = this.table.words[row * ROW_WORDS + ROW_FILE]
    if (slot >= 0) this.#fileAt(slot).inFlight--
    this.table.free(row)
  }

  /** Cancels everything that a client has in flight. */
  cancelAll(channel: Channel): void {
    const words = this.table.words
    for (let row = 0; row < this.table.capacity; row++) {
      if (words[row * ROW_WORDS + ROW_CHANNEL] === channel.slot) this.#cancelling.cancel(row)
    }
  }

  #fileAt(slot: number): OpenFile {
    return this.#files.at(slot) as OpenFile
  }

  #channelOf(row: number): Channel {
    return this.#channels[this.table.words[row * ROW_WORDS + ROW_CHANNEL]] as Channel
  }
}
