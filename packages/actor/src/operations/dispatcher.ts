import {
  COMPLETION_CHAIN_BROKEN,
  FILE_KIND_BLOCK_DEVICE,
  FILE_KIND_OTHER,
  OPERATION_CLOSE,
  OPERATION_DETACH,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC,
  OPERATION_TRIM,
  OPERATION_WRITE,
  REQUEST_DURABLE,
  REQUEST_PARTIAL,
  SYNC_DATA,
  TRIM_DISCARD,
  TRIM_HOLE,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Engine } from '../engine/engine.ts'
import type { CompletionSink } from '../engine/ring.ts'
import type { FileTable, OpenFile } from '../files/file-table.ts'
import type { MetadataCalls } from '../files/metadata-calls.ts'
import { Chain } from './chains.ts'
import { GroupCommit, type SyncRunner } from './group-commit.ts'
import {
  type OperationTable,
  PHASE_SYNC,
  PHASE_TRANSFER,
  ROW_ASKED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_FLAGS,
  ROW_KIND,
  ROW_LEN,
  ROW_PHASE,
  ROW_RW_FLAGS,
  ROW_TIMES,
  ROW_TRIES,
  ROW_USER_HIGH,
  ROW_USER_LOW,
  ROW_WORDS,
  TIME_SUBMITTED,
  TIME_TAKEN,
} from './operation-table.ts'
import { OwnPositions } from './own-position.ts'

const EINTR = -4
const EAGAIN = -11
const EIO = -5
const EOPNOTSUPP = -95
const ENOTTY = -25
const EINVAL = -22
const ECANCELED = -125

/** How often one piece is tried again when the kernel says EINTR or EAGAIN and does nothing. */
const TRIES_MAX = 64

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
export class Dispatcher implements CompletionSink, SyncRunner {
  readonly table: OperationTable
  readonly syncs: GroupCommit
  /** The time of this turn's last clock reading, in microseconds. */
  now = 0
  /** The actor's own time for one operation, in microseconds, as measured in the last turn. */
  busyShare = 0
  /** Short or interrupted pieces that were sent again. */
  retries = 0
  maxInFlight = 0
  /** Channels with completions that were not published. */
  readonly unpublished: Channel[] = []
  #positions: OwnPositions
  #engine: Engine
  #files: FileTable
  #metadata: MetadataCalls
  #channels: ReadonlyArray<Channel | null>
  #events: DispatchEvents
  #chains: Array<Chain | null>
  #waiting: number[] = []

  constructor(
    engine: Engine,
    table: OperationTable,
    files: FileTable,
    metadata: MetadataCalls,
    channels: ReadonlyArray<Channel | null>,
    events: DispatchEvents,
  ) {
    this.table = table
    this.syncs = new GroupCommit(this)
    this.#positions = new OwnPositions(table)
    this.#engine = engine
    this.#files = files
    this.#metadata = metadata
    this.#channels = channels
    this.#events = events
    this.#chains = new Array(table.capacity).fill(null)
  }

  /** Begins an operation that was taken and found good. */
  begin(row: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    const slot = words[at + ROW_FILE]
    words[at + ROW_PHASE] = PHASE_TRANSFER
    if (kind === OPERATION_SYNC) {
      this.syncs.join(this.#fileAt(slot), row, (words[at + ROW_RW_FLAGS] & SYNC_DATA) !== 0)
    } else if (kind === OPERATION_CLOSE) {
      this.#beginClose(this.#fileAt(slot), row)
    } else if (kind === OPERATION_DETACH) {
      this.#events.detach(this.#channels[words[at + ROW_CHANNEL]] as Channel, row)
    } else if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      if (this.#positions.take(this.#fileAt(slot), row)) this.#start(row)
    } else if (kind < OPERATION_CLOSE && this.#inEngine(row)) {
      this.#start(row)
    } else {
      this.#metadata.begin(row)
    }
  }

  /** Begins the members of a chain; it fails at the one that was refused, if any was. */
  beginChain(rows: readonly number[], refused: number = rows.length, refusal: number = 0): void {
    const chain = new Chain(rows, refused, refusal)
    for (const row of rows) {
      this.#chains[row] = chain
      this.table.words[row * ROW_WORDS + ROW_PHASE] = PHASE_TRANSFER
    }
    this.#runChain(chain)
  }

  /** Requests that found no room in the engine; they go first in the next turn. */
  resume(): void {
    while (this.#waiting.length > 0 && this.#engine.room > 0) {
      this.#engine.begin(this.#waiting.shift() as number, false)
    }
  }

  #start(row: number): void {
    this.table.times[row * ROW_TIMES + TIME_SUBMITTED] = this.now
    if (this.#engine.room > 0 && this.#waiting.length === 0) this.#engine.begin(row, false)
    else this.#waiting.push(row)
  }

  /** OPERATION_OPEN and what follows are never the engine's; the rest is where it can. */
  #inEngine(row: number): boolean {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    if (kind > 8) return false
    const slot = words[at + ROW_FILE]
    const device = slot >= 0 && this.#fileAt(slot).kind === FILE_KIND_BLOCK_DEVICE
    // For the engine, 1 in this word says that a trim is a discard of a block device.
    if (kind === OPERATION_TRIM) words[at + ROW_RW_FLAGS] = device ? 1 : 0
    return this.#engine.supports(kind, device)
  }

  /** The engine's result of a row's request. */
  completed(row: number, res: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const chain = this.#chains[row]
    if (words[at + ROW_PHASE] === PHASE_SYNC && chain === null) {
      this.#syncCompleted(row, res)
      return
    }
    if (chain !== null) {
      this.#chainMemberCompleted(chain, row, res)
      return
    }
    const verdict = this.#judge(row, res)
    if (verdict === AGAIN) this.#start(row)
    else if (verdict === ELSEWHERE) this.#metadata.begin(row)
    else this.#afterTransfer(row, verdict, res)
  }

  /** Counts what a request did, and says whether the row is done, goes on, or failed. */
  #judge(row: number, res: number): number {
    const words = this.table.words
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
      if (res === 0 || file.kind === FILE_KIND_OTHER) return DONE
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
    const words = this.table.words
    if (words[at + ROW_RW_FLAGS] !== 1) return FAILED
    if (res === EOPNOTSUPP && words[at + ROW_TRIES] === 0) {
      words[at + ROW_TRIES] = 1
      this.retries++
      return AGAIN
    }
    // An EINVAL may be the range's fault, or that of a kernel before 6.12: the ioctl tells.
    return res === EOPNOTSUPP || res === ENOTTY || res === EINVAL ? ELSEWHERE : FAILED
  }

  #afterTransfer(row: number, verdict: number, res: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    const done = words[at + ROW_DONE]
    if (verdict === FAILED) {
      const error = res < 0 ? res : EIO
      // Bytes that were read before the error are a read that is short, as in read(2).
      if (kind === OPERATION_READ && done > 0) this.finish(row, done, 0, 0)
      else this.finish(row, error, done, 0)
    } else if (kind === OPERATION_WRITE && words[at + ROW_FLAGS] & REQUEST_DURABLE) {
      this.syncs.join(this.#fileAt(words[at + ROW_FILE]), row, true)
    } else if (kind === OPERATION_READ || kind === OPERATION_WRITE) {
      this.finish(row, done, 0, 0)
    } else if (kind === OPERATION_TRIM) {
      this.finish(row, 0, words[at + ROW_RW_FLAGS] === 1 ? TRIM_DISCARD : TRIM_HOLE, 0)
    } else {
      this.finish(row, 0, 0, 0)
    }
  }

  // ---- syncs

  runSync(file: OpenFile, row: number, data: boolean): void {
    this.table.words[row * ROW_WORDS + ROW_PHASE] = PHASE_SYNC
    // Syncs begin when everything else of the turn was submitted, so there is room; else right now.
    if (this.#engine.room === 0) this.#engine.submit(this)
    this.#engine.beginSync(row, file.slot, data, false)
  }

  #syncCompleted(row: number, res: number): void {
    const file = this.#fileAt(this.table.words[row * ROW_WORDS + ROW_FILE])
    if (res === EINTR || res === EAGAIN) {
      this.retries++
      this.runSync(file, row, false)
      return
    }
    this.syncs.finished(file, res)
  }

  syncSettled(row: number, result: number): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    const write = words[at + ROW_KIND] === OPERATION_WRITE
    const done = words[at + ROW_DONE]
    this.finish(row, result < 0 ? result : write ? done : 0, result < 0 ? done : 0, 0)
  }

  // ---- chains

  /** Sends the next members down: as many linked as the engine can take itself. */
  #runChain(chain: Chain): void {
    const { rows } = chain
    if (chain.next === chain.refused) {
      this.#breakChain(chain, chain.refusal)
      return
    }
    chain.start = chain.next
    let end = chain.next
    while (end < chain.refused && this.#linkable(rows[end])) {
      end++
      if (!this.#breaksLink(rows[end - 1])) break
    }
    if (end === chain.next) {
      chain.end = end + 1
      chain.outstanding = 1
      this.#runAlone(rows[chain.next])
      return
    }
    // All in one submission: what was begun before goes first if they do not fit together.
    if (this.#engine.room < end - chain.next) this.#engine.submit(this)
    chain.end = end
    chain.outstanding = end - chain.next
    for (let index = chain.next; index < end; index++) {
      this.#beginLinked(rows[index], index < end - 1)
    }
  }

  #beginLinked(row: number, linked: boolean): void {
    const words = this.table.words
    const at = row * ROW_WORDS
    if (words[at + ROW_KIND] === OPERATION_SYNC) {
      const data = (words[at + ROW_RW_FLAGS] & SYNC_DATA) !== 0
      this.#engine.beginSync(row, words[at + ROW_FILE], data, linked)
    } else {
      this.#engine.begin(row, linked)
    }
  }

  #linkable(row: number): boolean {
    const at = row * ROW_WORDS
    const kind = this.table.words[at + ROW_KIND]
    if (kind === OPERATION_SYNC) return this.#fileAt(this.table.words[at + ROW_FILE]).failed === 0
    return this.#inEngine(row)
  }

  /** Only of these does the kernel cancel what follows when they fail (Linux 6.18 and before). */
  #breaksLink(row: number): boolean {
    const kind = this.table.words[row * ROW_WORDS + ROW_KIND]
    return kind === OPERATION_READ || kind === OPERATION_WRITE || kind === OPERATION_NOP
  }

  /** A member that the engine cannot take: it runs by itself and reports to its chain. */
  #runAlone(row: number): void {
    const at = row * ROW_WORDS
    if (this.table.words[at + ROW_KIND] === OPERATION_SYNC) {
      const chain = this.#chains[row] as Chain
      this.#chainMemberCompleted(chain, row, this.#fileAt(this.table.words[at + ROW_FILE]).failed)
    } else {
      this.#metadata.begin(row)
    }
  }

  #chainMemberCompleted(chain: Chain, row: number, res: number): void {
    const index = chain.rows.indexOf(row)
    chain.results[index] = res
    chain.outstanding--
    if (chain.outstanding === 0) this.#chainRunCompleted(chain)
  }

  /** Goes through the run in order: up to the first member that is not done. */
  #chainRunCompleted(chain: Chain): void {
    const { rows, results } = chain
    const { elsewhere } = chain
    chain.elsewhere = false
    while (chain.next < chain.end) {
      const row = rows[chain.next]
      const res = results[chain.next]
      // Cancelled because the one before it was short, which is mended by now: it runs again.
      const cancelled = res === ECANCELED && chain.next > chain.start
      const again = cancelled && !this.#channelOf(row).dead
      const final = res < 0 ? FAILED : DONE
      const verdict = elsewhere ? final : again ? AGAIN : this.#judge(row, res)
      if (verdict === ELSEWHERE) {
        chain.end = chain.next + 1
        chain.outstanding = 1
        this.#metadata.begin(row)
        return
      }
      if (verdict === AGAIN) break
      if (verdict === FAILED) {
        this.#breakChain(chain, res)
        return
      }
      chain.next++
    }
    if (chain.next < rows.length) {
      this.#runChain(chain)
      return
    }
    for (let index = 0; index < rows.length; index++) this.#finishMember(chain, index)
  }

  #finishMember(chain: Chain, index: number): void {
    const row = chain.rows[index]
    const words = this.table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    this.#chains[row] = null
    const transfer = kind === OPERATION_READ || kind === OPERATION_WRITE
    const byRing = words[at + ROW_RW_FLAGS] === 1 ? TRIM_DISCARD : TRIM_HOLE
    const method = chain.extras[index] || byRing
    this.finish(row, transfer ? words[at + ROW_DONE] : 0, kind === OPERATION_TRIM ? method : 0, 0)
  }

  #breakChain(chain: Chain, res: number): void {
    const words = this.table.words
    const at = chain.next
    const failed = chain.rows[at]
    const kind = words[failed * ROW_WORDS + ROW_KIND]
    const slot = words[failed * ROW_WORDS + ROW_FILE]
    if (kind === OPERATION_SYNC && slot >= 0) this.#fileAt(slot).failed = res
    chain.rows.forEach((row, index) => {
      if (index < at) {
        this.#finishMember(chain, index)
        return
      }
      this.#chains[row] = null
      const done = words[row * ROW_WORDS + ROW_DONE]
      if (index === at) this.finish(row, res < 0 ? res : EIO, done, 0)
      else this.finish(row, ECANCELED, 0, COMPLETION_CHAIN_BROKEN)
    })
  }

  // ---- files and completion

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
    this.#metadata.begin(file.closing)
  }

  /** A metadata call's result: to the operation, or to the chain that it is a member of. */
  settled(row: number, res: number, extra: number): void {
    const chain = this.#chains[row]
    if (chain === null) {
      this.finish(row, res, extra, 0)
      return
    }
    chain.elsewhere = true
    chain.extras[chain.rows.indexOf(row)] = extra
    this.#chainMemberCompleted(chain, row, res)
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
    channel.complete(
      words[at + ROW_USER_LOW],
      words[at + ROW_USER_HIGH],
      res,
      extra,
      flags,
      times[time + TIME_TAKEN],
      times[time + TIME_SUBMITTED],
      this.now,
      this.busyShare,
    )
    if (res > 0 && kind === OPERATION_READ) channel.bytesRead += res
    if (res > 0 && kind === OPERATION_WRITE) channel.bytesWritten += res
    const file = slot >= 0 ? this.#files.at(slot) : null
    if (file?.positionHolder === row) this.#releasePosition(file, row)
    this.table.free(row)
    if (slot >= 0) {
      if (file !== null) {
        file.inFlight--
        if (file.closing >= 0) this.#closeWhenIdle(file)
      }
    }
    if (channel.inFlight === 0 && channel.dead) this.#events.drained(channel)
  }

  #releasePosition(file: OpenFile, row: number): void {
    const next = this.#positions.release(file, row, this.table.words[row * ROW_WORDS + ROW_DONE])
    if (next >= 0 && this.#positions.take(file, next)) this.#start(next)
  }

  /** Takes a row back that was copied and checked, and not begun. */
  forget(row: number): void {
    const slot = this.table.words[row * ROW_WORDS + ROW_FILE]
    if (slot >= 0) this.#fileAt(slot).inFlight--
    this.table.free(row)
  }

  /** Asks the engine to cancel everything that a client has in flight. */
  cancelAll(channel: Channel): void {
    const words = this.table.words
    for (let row = 0; row < this.table.capacity; row++) {
      if (words[row * ROW_WORDS + ROW_CHANNEL] !== channel.slot) continue
      this.#engine.cancel(row)
      // One by one: cancellations complete too, and the completion queue has little room for them.
      this.#engine.submit(this)
    }
  }

  #fileAt(slot: number): OpenFile {
    return this.#files.at(slot) as OpenFile
  }

  #channelOf(row: number): Channel {
    return this.#channels[this.table.words[row * ROW_WORDS + ROW_CHANNEL]] as Channel
  }
}

const DONE = 0
const AGAIN = 1
const FAILED = 2
const ELSEWHERE = 3
