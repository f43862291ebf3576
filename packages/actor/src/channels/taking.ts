import { COMPLETION_REFUSED, REQUEST_DRAIN, REQUEST_LINK } from '@uring-actor/client/protocol'
import type { Dispatcher } from '../operations/dispatcher.ts'
import {
  type OperationTable,
  ROW_CHANNEL,
  ROW_FLAGS,
  ROW_USER_HIGH,
  ROW_USER_LOW,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { Channel } from './channel.ts'
import type { Intake } from './intake.ts'

const EINVAL = -22
const ESHUTDOWN = -108

/**
 * Rows of the operation table that every client can count on, whatever the others have in flight.
 *
 *   invariant:   free rows >= Σ over clients of max(0, GUARANTEED_ROWS - its rows)
 *
 * because who has that many already takes a row only while more are free than the others may need.
 */
export const GUARANTEED_ROWS = 4

/** A channel whose words are not what the protocol allows. */
export const BROKEN = -1

/**
 * Takes requests out of channels: copies, checks, begins. Drains are held back here, per client:
 * the ring's own drain would wait for all clients, and for the doorbell, which never completes.
 */
export class Taking {
  /** The actor is closing: what is taken is refused. */
  refusing = false
  readonly #intake: Intake
  readonly #table: OperationTable
  readonly #dispatcher: Dispatcher
  readonly #chainLength: number
  readonly #chain: number[] = []
  readonly #channels: ReadonlyArray<Channel | null>

  constructor(
    intake: Intake,
    dispatcher: Dispatcher,
    chainLength: number,
    channels: ReadonlyArray<Channel | null>,
  ) {
    this.#intake = intake
    this.#table = dispatcher.table
    this.#dispatcher = dispatcher
    this.#chainLength = chainLength
    this.#channels = channels
  }

  /** True when a client may have one more row, `claimed` of its own not being counted yet. */
  #mayTake(channel: Channel, claimed: number): boolean {
    const free = this.#table.freeCount
    if (channel.inFlight + claimed < GUARANTEED_ROWS) return free > 0
    return free > this.#channels.length * GUARANTEED_ROWS || free > this.#owedToOthers(channel)
  }

  /** Rows that must stay free for the others, those included that have not connected yet. */
  #owedToOthers(channel: Channel): number {
    let owed = 0
    for (const other of this.#channels) {
      if (other !== channel) owed += Math.max(0, GUARANTEED_ROWS - (other?.inFlight ?? 0))
    }
    return owed
  }

  /** Takes at most `most` requests of a channel; returns how many, or BROKEN. */
  take(channel: Channel, most: number): number {
    if (channel.hasCancels()) this.#cancelTaken(channel)
    if (channel.holding) {
      if (channel.inFlight > 0) return 0
      channel.holding = false
    }
    const available = channel.available()
    if (available <= 0) return available
    let taken = 0
    while (taken < most && taken < available && !channel.holding && this.#mayTake(channel, 0)) {
      const row = this.#intake.copy(channel, channel.requestAt(0), this.#dispatcher.now)
      const flags = this.#table.words[row * ROW_WORDS + ROW_FLAGS]
      const cancelled = channel.checksCancels && this.#isCancelled(channel, row)
      if (flags & REQUEST_DRAIN && !cancelled) {
        if (channel.inFlight > 0) {
          // Not its turn yet. It is copied anew when it is: this copy is forgotten.
          this.#table.free(row)
          break
        }
        channel.holding = true
      }
      if (flags & REQUEST_LINK) {
        const count = this.#takeChain(channel, row, available - taken)
        if (count === 0) {
          channel.holding = false
          break
        }
        taken += count
      } else {
        channel.advance(1)
        if (cancelled) this.#dispatcher.finishCancelled(row)
        else this.#beginOne(channel, row)
        taken++
      }
    }
    if (taken > 0) channel.giveBack()
    return taken
  }

  /**
   * Cancels what the client wants cancelled and was taken before. The words are the client's, so all
   * that they do is to be compared with the rows of that client: one look at each row, and one
   * cancellation of each, whatever is written there.
   */
  #cancelTaken(channel: Channel): void {
    channel.lookAtCancels()
    let left = channel.inFlight
    for (let row = 0; left > 0 && row < this.#table.capacity; row++) {
      if (this.#table.words[row * ROW_WORDS + ROW_CHANNEL] !== channel.slot) continue
      left--
      if (this.#isCancelled(channel, row)) this.#dispatcher.cancel(row)
    }
  }

  #isCancelled(channel: Channel, row: number): boolean {
    const { words } = this.#table
    const at = row * ROW_WORDS
    return channel.wantsCancelled(words[at + ROW_USER_LOW], words[at + ROW_USER_HIGH])
  }

  #beginOne(channel: Channel, row: number): void {
    const error = this.#intake.check(channel, row)
    if (this.refusing) this.#dispatcher.finish(row, ESHUTDOWN, 0, COMPLETION_REFUSED)
    else if (error < 0) this.#dispatcher.finish(row, error, 0, 0)
    else this.#dispatcher.begin(row)
  }

  /** Takes a whole chain or, when there are too few free rows for it, nothing: 0. */
  #takeChain(channel: Channel, first: number, available: number): number {
    const rows = this.#chain
    rows.length = 0
    rows.push(first)
    let error = this.#intake.check(channel, first)
    let refused = 0
    let malformed = !this.#intake.isChainable(first)
    let linked = true
    const most = Math.min(available, this.#chainLength)
    while (linked && rows.length < most) {
      if (!this.#mayTake(channel, rows.length)) {
        for (const row of rows) this.#dispatcher.forget(row)
        return 0
      }
      const at = channel.requestAt(rows.length)
      const row = this.#intake.copy(channel, at, this.#dispatcher.now)
      rows.push(row)
      linked = (this.#table.words[row * ROW_WORDS + ROW_FLAGS] & REQUEST_LINK) !== 0
      if (error === 0) {
        error = this.#intake.check(channel, row)
        refused++
      }
      malformed ||= !this.#intake.isChainable(row)
    }
    // A chain is posted whole: one that does not end, or is too long, is nobody's honest request.
    malformed ||= linked
    const count = rows.length
    const cancelled = channel.checksCancels && rows.some((row) => this.#isCancelled(channel, row))
    channel.advance(count)
    if (this.refusing)
      for (const row of rows) this.#dispatcher.finish(row, ESHUTDOWN, 0, COMPLETION_REFUSED)
    else if (cancelled) for (const row of rows) this.#dispatcher.finishCancelled(row)
    else if (malformed) for (const row of rows) this.#dispatcher.finish(row, EINVAL, 0, 0)
    else if (error < 0) this.#dispatcher.beginChain(rows.slice(), refused, error)
    else this.#dispatcher.beginChain(rows.slice())
    return count
  }
}
