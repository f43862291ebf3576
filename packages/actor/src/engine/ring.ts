import type { NativeRing } from '@uring-actor/native'
import type { ResultSink } from './engine.ts'
import {
  CQE_RES,
  CQE_USER_DATA,
  CQE_WORDS,
  IORING_CQ_EVENTFD_DISABLED,
  IORING_ENTER_GETEVENTS,
  IORING_ENTER_NO_IOWAIT,
  IORING_FEAT_MIN_TIMEOUT,
  IORING_FEAT_NO_IOWAIT,
  IORING_OFF_SQ_RING,
  IORING_OFF_SQES,
  IORING_SQ_CQ_OVERFLOW,
  IORING_SQ_TASKRUN,
  PARAMS_CQ_CQES,
  PARAMS_CQ_ENTRIES,
  PARAMS_CQ_FLAGS,
  PARAMS_CQ_HEAD,
  PARAMS_CQ_OVERFLOW,
  PARAMS_CQ_TAIL,
  PARAMS_FEATURES,
  PARAMS_SQ_ARRAY,
  PARAMS_SQ_ENTRIES,
  PARAMS_SQ_FLAGS,
  PARAMS_SQ_HEAD,
  PARAMS_SQ_TAIL,
  SQE_ADDR,
  SQE_ADDR3,
  SQE_BUF_INDEX,
  SQE_FD,
  SQE_LEN,
  SQE_OFF,
  SQE_OPCODE,
  SQE_RW_FLAGS,
  SQE_USER_DATA,
  SQE_WORDS,
} from './kernel-abi.ts'

import { RingUnavailable } from './ring-unavailable.ts'

const EINTR = -4
const EAGAIN = -11
const EBUSY = -16
const ENOMEM = -12
const ETIME = -62
/** Errors of io_uring_enter after which it is called again: nothing was lost, or nothing taken. */
const PASSING: ReadonlySet<number> = new Set([EINTR, EAGAIN, ENOMEM, EBUSY, ETIME])

/**
 * The mapped submission and completion queues. SQEs are written and CQEs read right here; the addon
 * is called once for a batch, to enter the kernel.
 *
 *   invariant, in uint32 arithmetic:   0 <= SQ tail - SQ head <= SQ entries
 *                                      0 <= CQ tail - CQ head <= CQ entries
 *                                      in flight <= CQ entries, so the CQ cannot overflow
 */
export class Ring {
  readonly native: NativeRing
  readonly sqEntries: number
  readonly cqEntries: number
  /** Counted for the statistics: calls, those among them that submitted, and what they submitted. */
  enters = 0
  submissions = 0
  submitted = 0
  #rings: Int32Array
  #sqes: Int32Array
  #sqHead: number
  #sqTail: number
  #sqFlags: number
  #sqMask: number
  #cqHead: number
  #cqTail: number
  #cqOverflow: number
  #cqFlags: number
  #cqes: number
  #cqMask: number
  #tail = 0
  #head = 0
  #unsubmitted = 0
  #inFlight = 0
  /** Which one of those not submitted is the engine's own, from 1 on; 0: none. */
  #ownPlace = 0
  #waitFlags: number
  /** The kernel can wait for several completions, and for fewer after a while (Linux 6.12). */
  readonly hasMinWait: boolean

  constructor(native: NativeRing, params: Uint32Array) {
    this.native = native
    this.sqEntries = params[PARAMS_SQ_ENTRIES]
    this.cqEntries = params[PARAMS_CQ_ENTRIES]
    const ringBytes = Math.max(
      params[PARAMS_SQ_ARRAY] + this.sqEntries * 4,
      params[PARAMS_CQ_CQES] + this.cqEntries * 16,
    )
    this.#rings = mapped(native, IORING_OFF_SQ_RING, ringBytes)
    this.#sqes = mapped(native, IORING_OFF_SQES, this.sqEntries * 64)
    this.#sqHead = params[PARAMS_SQ_HEAD] >> 2
    this.#sqTail = params[PARAMS_SQ_TAIL] >> 2
    this.#sqFlags = params[PARAMS_SQ_FLAGS] >> 2
    this.#sqMask = this.sqEntries - 1
    this.#cqHead = params[PARAMS_CQ_HEAD] >> 2
    this.#cqTail = params[PARAMS_CQ_TAIL] >> 2
    this.#cqOverflow = params[PARAMS_CQ_OVERFLOW] >> 2
    this.#cqFlags = params[PARAMS_CQ_FLAGS] >> 2
    this.#cqes = params[PARAMS_CQ_CQES] >> 2
    this.#cqMask = this.cqEntries - 1
    const features = params[PARAMS_FEATURES]
    this.hasMinWait = (features & IORING_FEAT_MIN_TIMEOUT) !== 0
    // Waiting for work is not waiting for a disk: it should not count as load (Linux 6.15).
    this.#waitFlags = features & IORING_FEAT_NO_IOWAIT ? IORING_ENTER_NO_IOWAIT : 0
    // Slot i of the submission queue always holds SQE i.
    const array = params[PARAMS_SQ_ARRAY] >> 2
    for (let index = 0; index < this.sqEntries; index++) this.#rings[array + index] = index
  }

  /** SQEs written and not taken by the kernel yet. */
  get unsubmitted(): number {
    return this.#unsubmitted
  }

  /** SQEs for which no CQE was read yet, those not submitted included. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** SQEs that can be written before the next `enter`. */
  get room(): number {
    return this.sqEntries - this.#unsubmitted
  }

  /** Writes the next SQE, every word of it. There must be room. `tag` comes back with the CQE. */
  push(
    opcode: number,
    flags: number,
    fd: number,
    offLow: number,
    offHigh: number,
    addrLow: number,
    addrHigh: number,
    len: number,
    rwFlags: number,
    tag: number,
    bufferIndex: number,
    addr3Low: number,
    addr3High: number,
  ): void {
    const sqes = this.#sqes
    const at = (this.#tail & this.#sqMask) * SQE_WORDS
    sqes[at + SQE_OPCODE] = opcode | (flags << 8)
    sqes[at + SQE_FD] = fd
    sqes[at + SQE_OFF] = offLow
    sqes[at + SQE_OFF + 1] = offHigh
    sqes[at + SQE_ADDR] = addrLow
    sqes[at + SQE_ADDR + 1] = addrHigh
    sqes[at + SQE_LEN] = len
    sqes[at + SQE_RW_FLAGS] = rwFlags
    sqes[at + SQE_USER_DATA] = tag
    sqes[at + SQE_USER_DATA + 1] = 0
    sqes[at + SQE_BUF_INDEX] = bufferIndex
    sqes[at + SQE_BUF_INDEX + 1] = 0
    sqes[at + SQE_ADDR3] = addr3Low
    sqes[at + SQE_ADDR3 + 1] = addr3High
    sqes[at + SQE_ADDR3 + 2] = 0
    sqes[at + SQE_ADDR3 + 3] = 0
    this.#tail = (this.#tail + 1) | 0
    this.#unsubmitted++
    this.#inFlight++
  }

  /** What was pushed last is the engine's own, and counts as nothing that was submitted. */
  markOwn(): void {
    this.#ownPlace = this.#unsubmitted
  }

  /** True when completions wait that cost no system call, or one of `enter` without waiting. */
  hasWork(): boolean {
    return (
      Atomics.load(this.#rings, this.#cqTail) !== this.#head ||
      (Atomics.load(this.#rings, this.#sqFlags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) !== 0
    )
  }

  /** True when the kernel holds completions back until it is entered. */
  needsEnter(): boolean {
    return (
      (Atomics.load(this.#rings, this.#sqFlags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) !== 0
    )
  }

  /**
   * Submits what was written, and runs what the kernel deferred. Waits for `minComplete` completions,
   * at most `timeoutMicros`; after `minWaitMicros` one is enough. Throws on an error that means a bug or a dead ring.
   */
  enter(minComplete: number, timeoutMicros: number, minWaitMicros: number): void {
    const toSubmit = this.#unsubmitted
    Atomics.store(this.#rings, this.#cqHead, this.#head)
    Atomics.store(this.#rings, this.#sqTail, this.#tail)
    const result = this.native.enter(
      toSubmit,
      minComplete,
      IORING_ENTER_GETEVENTS | (minComplete > 0 ? this.#waitFlags : 0),
      timeoutMicros,
      minWaitMicros,
    )
    this.enters++
    // What the kernel took is read from its own head: an error may come after a partial submission.
    const left = (this.#tail - Atomics.load(this.#rings, this.#sqHead)) >>> 0
    if (left > this.sqEntries) throw new Error(`submission queue head is ${left} behind its tail`)
    this.#count(toSubmit - left)
    this.#unsubmitted = left
    if (result >= 0) return
    // The queues are as they were; the caller reaps and enters again.
    if (PASSING.has(result)) return
    throw Object.assign(new Error(`io_uring_enter failed: errno ${-result}`), { errno: result })
  }

  /** Calls that only wait are no submissions: they would make the mean batch smaller than it is. */
  #count(taken: number): void {
    const own = this.#ownPlace > 0 && this.#ownPlace <= taken ? 1 : 0
    this.#ownPlace = Math.max(0, this.#ownPlace - taken)
    this.submitted += taken - own
    if (taken > own) this.submissions++
  }

  /**
   * Gives each completion there is to `sink`; returns how many. What the sink does may enter the
   * kernel and so come back here: the head is kept in the ring, and `enter` stores it first.
   */
  reap(sink: ResultSink): number {
    const rings = this.#rings
    const tail = Atomics.load(rings, this.#cqTail)
    let count = 0
    while (((tail - this.#head) | 0) > 0) {
      const at = this.#cqes + (this.#head & this.#cqMask) * CQE_WORDS
      const tag = rings[at + CQE_USER_DATA]
      const res = rings[at + CQE_RES]
      this.#head = (this.#head + 1) | 0
      this.#inFlight--
      count++
      sink.completed(tag, res)
    }
    if (count > 0) Atomics.store(rings, this.#cqHead, this.#head)
    return count
  }

  /** Completions that the kernel had to keep elsewhere: always 0, by construction. */
  get overflow(): number {
    return Atomics.load(this.#rings, this.#cqOverflow)
  }

  /** Whether completions signal the registered eventfd. */
  setEventFd(enabled: boolean): void {
    Atomics.store(this.#rings, this.#cqFlags, enabled ? 0 : IORING_CQ_EVENTFD_DISABLED)
  }
}

/**
 * The kernel's own pages, as int32 words. Closing the ring detaches them, so that a view left over
 * has length 0 and nothing can dangle.
 */
function mapped(native: NativeRing, offset: number, byteLength: number): Int32Array {
  const buffer = native.map(offset, byteLength)
  if (typeof buffer !== 'number') return new Int32Array(buffer, 0, buffer.byteLength >> 2)
  throw new RingUnavailable('mmap of the ring', buffer)
}
