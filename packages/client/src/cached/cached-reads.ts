import { positionHigh, positionLow } from '../file/arguments.ts'
import type { CacheReader, FileHandleState } from '../file/handle.ts'
import { leasedBlock } from '../file/transfer.ts'
import {
  ASK_F64,
  ASK_GENERATION,
  ASK_OWNER,
  ASK_POSITION,
  ASK_SLOT,
  ASK_TIMED,
  CACHED_BYTES,
  CACHED_READS,
  type CachedReadCalls,
  doublesOf,
  HEADER_LIFE,
  HEADER_SEVERAL,
  HEADER_TRACE,
  LIFE_OPEN,
  wordsOf,
} from '../protocol/index.ts'
import type { Transport } from '../transport/transport.ts'
import { OwnRead } from './own-read.ts'

/**
 * With so many reads under way the actor is kept busy, one system call of its own serves several of
 * them, and two threads work on them instead of one.
 */
const FEW = 16
/** Where several clients are at work the one actor would be what they wait for: then all that come. */
const MANY = 1 << 20
/** Longest such read into a lease, which the actor fills without a copy on this thread, in bytes. */
const LEASE_BYTES = 64 * 1024
/** Longest into other memory: as long as what the actor reads would be staged in one piece. */
const COPY_BYTES = 1 << 20
/** 4 KiB reads after which this thread's event loop has a turn: a promise that is settled starves it. */
const TURN_READS = 32
const TURN_SHIFT = 13
/** Others that are asked for in the same turn are read too, up to some 4 MiB: half a millisecond. */
const OVERDRAFT = 512
/** After a read of what was not cached one is not tried, twice as many with each in a row, up to 2^6. */
const SKIP_SHIFT_MAX = 6
/** A position of more than 53 bits, and the file's own, which is -1. */
const HIGH_LIMIT = 0x200000
const EAGAIN = -11

const RESOLVED = Promise.resolve()

/**
 * Reads of what is in the page cache, made on the calling thread by preadv2(2) with RWF_NOWAIT, which
 * never waits: a read that takes a microsecond is not worth two threads' being woken. What is not
 * cached, and all that comes while much is under way, goes to the actor.
 */
export class CachedReads implements CacheReader {
  readonly #transport: Transport
  readonly #calls: CachedReadCalls
  readonly #header: Int32Array
  readonly #ask: Float64Array = new Float64Array(ASK_F64)
  readonly #counts: Float64Array
  readonly #slot: number
  #traced: OwnRead
  /** Reads whose callers have not heard of it. */
  #undelivered = 0
  /** And those that wait for the event loop to have had a turn. */
  #waiting: Array<() => void> = []
  /** What may be read before it has one. */
  #budget = TURN_READS
  readonly #deliver = (): void => {
    this.#undelivered = 0
  }
  readonly #turn = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    this.#budget = TURN_READS
    for (const tell of waiting) tell()
  }

  constructor(transport: Transport, calls: CachedReadCalls, owner: number) {
    this.#transport = transport
    this.#calls = calls
    this.#header = wordsOf(transport.address.header)
    this.#counts = doublesOf(transport.trace.recorder.memory)
    this.#slot = transport.operations.capacity
    this.#traced = new OwnRead(this.#slot)
    this.#ask[ASK_OWNER] = owner
  }

  read<T extends ArrayBufferView>(
    file: FileHandleState,
    bytes: Uint8Array,
    memory: ArrayBufferLike,
    buffer: T,
  ): Promise<{ bytesRead: number; buffer: T }> | null {
    if (this.#budget < -OVERDRAFT || !this.#areFew(file)) return null
    const bytesRead = this.#read(file, bytes, memory)
    if (bytesRead < 0) return null
    if (this.#undelivered++ === 0) RESOLVED.then(this.#deliver)
    this.#budget -= 1 + (bytesRead >> TURN_SHIFT)
    const traced = this.#isTraced ? this.#traced : null
    const waits = this.#budget <= 0
    if (traced !== null) this.#transport.trace.ownRead(traced, false)
    if (waits) return this.#afterTurn({ bytesRead, buffer }, traced)
    if (traced !== null) this.#transport.trace.ownDelivered(traced, bytesRead, false)
    return Promise.resolve({ bytesRead, buffer })
  }

  #afterTurn<T extends { bytesRead: number }>(result: T, traced: OwnRead | null): Promise<T> {
    if (traced !== null) this.#traced = new OwnRead(this.#slot)
    if (this.#waiting.length === 0) setImmediate(this.#turn)
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        if (traced !== null) this.#transport.trace.ownDelivered(traced, result.bytesRead, true)
        resolve(result)
      })
    })
  }

  readSync(file: FileHandleState, bytes: Uint8Array, memory: ArrayBufferLike): number {
    if (!this.#areFew(file)) return -1
    const bytesRead = this.#read(file, bytes, memory)
    if (bytesRead >= 0 && this.#isTraced) {
      const traced = this.#traced
      this.#transport.trace.ownRead(traced, true)
      this.#transport.trace.ownDelivered(traced, bytesRead, false)
    }
    return bytesRead
  }

  /** Nothing is under way that a read of this file must not overtake, and not much else. */
  #areFew(file: FileHandleState): boolean {
    const most = Atomics.load(this.#header, HEADER_SEVERAL) === 0 ? FEW : MANY
    return (
      this.#transport.concurrency + this.#undelivered + this.#waiting.length < most &&
      this.#transport.hasOnlyReads(file.slot, file.runs) &&
      Atomics.load(this.#header, HEADER_LIFE) === LIFE_OPEN
    )
  }

  #read(file: FileHandleState, bytes: Uint8Array, memory: ArrayBufferLike): number {
    const high = positionHigh >>> 0
    if (high >= HIGH_LIMIT || bytes.length > COPY_BYTES) return -1
    if (memory === this.#transport.arena.buffer) {
      leasedBlock(file, bytes)
      if (bytes.length > LEASE_BYTES) return -1
    }
    if (file.cacheSkips > 0) {
      file.cacheSkips--
      return -1
    }
    const ask = this.#ask
    ask[ASK_SLOT] = file.slot
    ask[ASK_GENERATION] = file.generation
    ask[ASK_POSITION] = high * 4294967296 + (positionLow >>> 0)
    ask[ASK_TIMED] = this.#header[HEADER_TRACE]
    const result = this.#calls.readCached(ask, bytes)
    if (result < 0) return this.#missed(file, result)
    file.cacheMisses = 0
    this.#counts[CACHED_READS]++
    this.#counts[CACHED_BYTES] += result
    if (this.#isTraced) this.#describe(file, bytes.length)
    return result
  }

  /** The actor will say what is the matter, if anything is but that it is not cached. */
  #missed(file: FileHandleState, result: number): -1 {
    if (result !== EAGAIN) file.cached = null
    file.cacheSkips = 1 << file.cacheMisses
    file.cacheMisses = Math.min(file.cacheMisses + 1, SKIP_SHIFT_MAX)
    return -1
  }

  #describe(file: FileHandleState, length: number): void {
    // A subscriber to its span may read something too.
    if (this.#transport.trace.publishes) this.#traced = new OwnRead(this.#slot)
    const traced = this.#traced
    traced.fd = file.slot
    traced.offLow = positionLow
    traced.offHigh = positionHigh
    traced.len = length
    traced.setTimes(this.#ask)
  }

  /** The last read was timed. */
  get #isTraced(): boolean {
    return this.#ask[ASK_TIMED] !== 0
  }
}
