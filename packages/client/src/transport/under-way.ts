import { OPERATION_READ, REQUEST_DRAIN } from '../protocol/index.ts'
import type { Operation } from './operation.ts'

/** What is to be known of the requests under way by who might read past them. */
export class UnderWay {
  /** Operations that were delivered, and whose callers may go on with another one each. */
  recent = 0
  /** Drained ones: they hold back all that is called later. */
  #drained = 0
  /** How many are no reads, by the slot of their file; those of no file are at 0. */
  #others: Int32Array = new Int32Array(64)

  /** Of this file there are only reads, and none is drained: nothing that a read must not overtake. */
  onlyReads(slot: number): boolean {
    return this.#drained === 0 && (slot >= this.#others.length || this.#others[slot] === 0)
  }

  /** A request is posted. */
  begin(operation: Operation, flags: number): void {
    const { kind, fd: slot } = operation
    if (this.recent > 0) this.recent--
    operation.drained = (flags & REQUEST_DRAIN) !== 0
    if (operation.drained) this.#drained++
    if (kind === OPERATION_READ) return
    if (slot >= this.#others.length) this.#grow(slot)
    this.#others[slot]++
  }

  /** It was settled; or it was claimed and never posted, and is none. */
  end({ posted, drained, kind, fd }: Operation): void {
    if (!posted) return
    if (drained) this.#drained--
    if (kind !== OPERATION_READ) this.#others[fd]--
  }

  /** So many were delivered. What was before, and did not go on, is forgotten by and by. */
  delivered(count: number): void {
    this.recent = (this.recent >> 1) + count
  }

  #grow(slot: number): void {
    const more = new Int32Array(2 ** (32 - Math.clz32(slot)))
    more.set(this.#others)
    this.#others = more
  }
}
