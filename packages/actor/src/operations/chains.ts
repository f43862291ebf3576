import {
  COMPLETION_CANCELLED,
  COMPLETION_CHAIN_BROKEN,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_WRITE,
  TRIM_DISCARD,
  TRIM_HOLE,
} from '@uring-actor/client/protocol'
import type { Engine } from '../engine/engine.ts'
import type { FileSyncs } from './file-syncs.ts'
import {
  type OperationTable,
  PHASE_TRANSFER,
  ROW_DONE,
  ROW_KIND,
  ROW_PHASE,
  ROW_RW_FLAGS,
  ROW_WORDS,
} from './operation-table.ts'
import { AGAIN, DONE, ELSEWHERE, FAILED } from './verdict.ts'

const EIO = -5
const ECANCELED = -125

/**
 * A chain: operations that run one after the other. Those that the engine can link go down linked, in
 * one submission. The kernel breaks a link at a short transfer too, and cancels the rest; what was
 * cancelled only for that is sent again, so that a chain fails at real errors only. But it breaks no
 * link when a sync, a fallocate or a truncate fails: such a member ends its linked run. A sync is
 * linked only when no other one of its file runs or waits; else it takes its place in the file's line
 * (group-commit.ts).
 */
export class Chain {
  readonly rows: readonly number[]
  /** The member that runs, or the first of those that are linked in the kernel. */
  next = 0
  /** First member of the linked run. */
  start = 0
  /** Members of the linked run that have not completed. */
  outstanding = 0
  /** End of the linked run. */
  end = 0
  /** Results of the members of the run. */
  readonly results: Int32Array
  readonly extras: Int32Array
  /** The member of the run was done elsewhere than in the engine, and the answer is final. */
  elsewhere = false
  /** The member of the run that is a sync with its place reserved, or -1. */
  reserved = -1
  /** The client has asked for its cancellation: no further member begins. */
  cancelled = false
  /** First member that was refused when the chain was taken, and why; none: beyond the end, 0. */
  readonly refused: number
  readonly refusal: number

  constructor(rows: readonly number[], refused: number, refusal: number) {
    this.rows = rows
    this.refused = refused
    this.refusal = refusal
    this.results = new Int32Array(rows.length)
    this.extras = new Int32Array(rows.length)
  }
}

/** What chains need of the dispatcher. */
export interface ChainHost {
  /** What a result means; counts the bytes. */
  judge(row: number, res: number): number
  /** True when the engine can do the row by itself. */
  inEngine(row: number): boolean
  /** Syncs of files, of which one runs at a time. */
  readonly syncs: FileSyncs
  /** Begins what is not linked; its answer comes by `settled`. */
  beginElsewhere(row: number): void
  /** Submits what was begun, so that there is room for a whole run. */
  submit(): void
  finish(row: number, res: number, extra: number, flags: number): void
}

/** Runs chains: the members of each, in their order. */
export class Chains {
  readonly #table: OperationTable
  readonly #engine: Engine
  readonly #host: ChainHost
  /** The chain of each row, or null. */
  readonly #chains: Array<Chain | null>
  /** Chains whose next run found no room in the engine. */
  #waiting: Chain[] = []

  constructor(table: OperationTable, engine: Engine, host: ChainHost) {
    this.#table = table
    this.#engine = engine
    this.#host = host
    this.#chains = new Array(table.capacity).fill(null)
  }

  /** Begins the members of a chain; it fails at the one that was refused, if any was. */
  begin(rows: readonly number[], refused: number, refusal: number): void {
    const chain = new Chain(rows, refused, refusal)
    for (const row of rows) {
      this.#chains[row] = chain
      this.#table.words[row * ROW_WORDS + ROW_PHASE] = PHASE_TRANSFER
    }
    this.#runChain(chain)
  }

  /** Begins what found no room before; each finds it now, or waits on. */
  resume(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    for (const chain of waiting) {
      if (chain.cancelled) this.#breakChain(chain, ECANCELED)
      else this.#runChain(chain)
    }
  }

  /** Takes the engine's result of a row's request; false when the row is no member of a chain. */
  completed(row: number, res: number): boolean {
    const chain = this.#chains[row]
    if (chain === null) return false
    this.#memberCompleted(chain, row, res)
    return true
  }

  /** The same for the result of a call elsewhere. */
  settled(row: number, res: number, extra: number): boolean {
    const chain = this.#chains[row]
    if (chain === null) return false
    chain.elsewhere = true
    chain.extras[chain.rows.indexOf(row)] = extra
    this.#memberCompleted(chain, row, res)
    return true
  }

  /** Has no further member of a row's chain begin. False for a row that is in none. */
  cancel(row: number): boolean {
    const chain = this.#chains[row]
    if (chain !== null) chain.cancelled = true
    return chain !== null
  }

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
      this.#host.beginElsewhere(rows[chain.next])
      return
    }
    const maySync =
      end < chain.refused && this.#breaksLink(rows[end - 1]) && this.#isSync(rows[end])
    const most = maySync ? end + 1 : end
    // All in one submission: what was begun before goes first if they do not fit together. That can
    // be refused (EBUSY), and then they wait.
    if (this.#engine.room < most - chain.next) this.#host.submit()
    if (this.#engine.room < most - chain.next) {
      this.#waiting.push(chain)
      return
    }
    if (maySync && this.#host.syncs.reserve(rows[end])) {
      chain.reserved = end
      end++
    }
    chain.end = end
    chain.outstanding = end - chain.next
    for (let index = chain.next; index < end; index++) {
      if (index === chain.reserved) this.#host.syncs.beginReserved(rows[index])
      else this.#engine.begin(rows[index], index < end - 1)
    }
  }

  #isSync(row: number): boolean {
    return this.#table.words[row * ROW_WORDS + ROW_KIND] === OPERATION_SYNC
  }

  #linkable(row: number): boolean {
    const kind = this.#table.words[row * ROW_WORDS + ROW_KIND]
    if (kind === OPERATION_SYNC || kind === OPERATION_SYNC_RANGE) return false
    return this.#host.inEngine(row)
  }

  /** Only of these does the kernel cancel what follows when they fail (Linux 6.18 and before). */
  #breaksLink(row: number): boolean {
    const kind = this.#table.words[row * ROW_WORDS + ROW_KIND]
    return kind === OPERATION_READ || kind === OPERATION_WRITE || kind === OPERATION_NOP
  }

  #memberCompleted(chain: Chain, row: number, res: number): void {
    const index = chain.rows.indexOf(row)
    chain.results[index] = res
    if (index === chain.reserved) {
      chain.reserved = -1
      this.#host.syncs.released(row, res)
    }
    chain.outstanding--
    if (chain.outstanding === 0) this.#runCompleted(chain)
  }

  /** Goes through the run in order: up to the first member that is not done. */
  #runCompleted(chain: Chain): void {
    const { rows, results } = chain
    const { elsewhere } = chain
    chain.elsewhere = false
    while (chain.next < chain.end) {
      const row = rows[chain.next]
      const res = results[chain.next]
      // Cancelled because the one before it was short, which is mended by now: it runs again.
      const cancelled = res === ECANCELED && chain.next > chain.start
      const again = cancelled && !chain.cancelled
      const final = res < 0 ? FAILED : DONE
      const verdict = elsewhere ? final : again ? AGAIN : this.#host.judge(row, res)
      if (verdict === ELSEWHERE && !chain.cancelled) {
        chain.end = chain.next + 1
        chain.outstanding = 1
        this.#host.beginElsewhere(row)
        return
      }
      if (verdict === AGAIN || verdict === ELSEWHERE) break
      if (verdict === FAILED) {
        this.#breakChain(chain, res)
        return
      }
      chain.next++
    }
    if (chain.next < rows.length) {
      if (chain.cancelled) this.#breakChain(chain, ECANCELED)
      else this.#runChain(chain)
      return
    }
    for (let index = 0; index < rows.length; index++) this.#finishMember(chain, index)
  }

  #finishMember(chain: Chain, index: number): void {
    const row = chain.rows[index]
    const words = this.#table.words
    const at = row * ROW_WORDS
    const kind = words[at + ROW_KIND]
    this.#chains[row] = null
    const transfer = kind === OPERATION_READ || kind === OPERATION_WRITE
    const byRing = words[at + ROW_RW_FLAGS] === 1 ? TRIM_DISCARD : TRIM_HOLE
    const method = chain.extras[index] || chain.results[index] || byRing
    this.#host.finish(
      row,
      transfer ? words[at + ROW_DONE] : 0,
      kind === OPERATION_TRIM ? method : 0,
      0,
    )
  }

  #breakChain(chain: Chain, res: number): void {
    const words = this.#table.words
    const at = chain.next
    const cancelled = chain.cancelled && res === ECANCELED
    const flags = cancelled ? COMPLETION_CANCELLED : 0
    chain.rows.forEach((row, index) => {
      if (index < at) {
        this.#finishMember(chain, index)
        return
      }
      this.#chains[row] = null
      const done = words[row * ROW_WORDS + ROW_DONE]
      if (index === at) this.#host.finish(row, res < 0 ? res : EIO, done, flags)
      else this.#host.finish(row, ECANCELED, 0, COMPLETION_CHAIN_BROKEN)
    })
  }
}
