import type { Arena } from '../memory/arena.ts'
import { GENERATION_MASK } from '../protocol/index.ts'
import type { Span } from '../trace/spans.ts'
import type { Traced } from '../trace/traced.ts'

/** How an operation is settled when its completion arrives. */
export const SETTLE_OUTCOME = 0
export const SETTLE_READ = 1
export const SETTLE_WRITE = 2
export const SETTLE_BATCH = 3
export const SETTLE_VOID = 4

/** What a completion says, for callers that look at it themselves. `res` is `>= 0` or `-errno`. */
export interface Outcome {
  res: number
  extra: number
  flags: number
}

/** Several operations that one promise stands for. */
export interface Batch {
  settleOne(operation: Operation, res: number, flags: number): void
  failOne(operation: Operation, error: Error): void
}

export type Resolve = (value: unknown) => void
export type Reject = (error: Error) => void

function unset(): void {}

/**
 * One outstanding request of this client. There are as many as the channel has slots, made once
 * and used again; `generation` tells a late or forged completion from the one that is expected.
 *
 * Phases: free -> claimed (slot taken) -> posted (in the channel) -> free. Memory in `page` is held
 * from claim to settlement, whatever the caller does.
 */
export class Operation implements Traced {
  readonly slot: number
  generation = 0
  posted = false
  settle: number = SETTLE_OUTCOME
  /** First page of the arena block that is held, or -1. */
  page = -1
  /** Offset in the arena and length in bytes of the memory of this operation. */
  addr = 0
  length = 0
  /** Where a staged read is copied to, and how long that view was at the call. */
  target: Uint8Array | null = null
  targetLength = 0
  /** The caller's buffer, which results name. */
  buffer: ArrayBufferView | string | null = null
  /** Which operation it is, OPERATION_*. */
  kind = 0
  batch: Batch | null = null
  index = 0
  resolve: Resolve = unset
  reject: Reject = unset
  /** It holds back what is called after it. */
  drained = false
  /** The rest of its request, for tracing. */
  fd = 0
  offLow = 0
  offHigh = 0
  addrLow = 0
  addrHigh = 0
  len = 0
  called = false
  path: string | undefined = undefined
  span: Span | null = null
  /** No result can be higher than this. */
  resultMax = 0
  /** The view that was made last, of so many bytes from there on. */
  #view: Uint8Array | null = null
  #viewAddr = 0
  #viewLength = 0

  constructor(slot: number) {
    this.slot = slot
  }

  /**
   * The first bytes of this operation's memory. The view is kept: an operation mostly gets the same
   * memory again, and to make a view of a growable buffer takes half as long as to copy 4 KiB.
   */
  view(arena: Arena, byteLength: number): Uint8Array {
    if (this.#view === null || this.#viewAddr !== this.addr || this.#viewLength !== byteLength) {
      this.#view = new Uint8Array(arena.buffer, this.addr, byteLength)
      this.#viewAddr = this.addr
      this.#viewLength = byteLength
    }
    return this.#view
  }

  /** Forgets everything about the last caller, so that nothing of his is kept alive. */
  clear(): void {
    this.generation = (this.generation + 1) & GENERATION_MASK
    this.posted = false
    this.page = -1
    this.target = null
    this.buffer = null
    this.batch = null
    this.resolve = unset
    this.reject = unset
    this.span = null
    this.called = false
    this.path = undefined
  }
}

let capturedResolve: Resolve = unset
let capturedReject: Reject = unset
function capture(resolve: Resolve, reject: Reject): void {
  capturedResolve = resolve
  capturedReject = reject
}

/** A promise that the operation's completion settles; one function for all, so no closure each. */
export function promiseFor<T>(operation: Operation): Promise<T> {
  const promise = new Promise(capture)
  operation.resolve = capturedResolve
  operation.reject = capturedReject
  return promise as Promise<T>
}
