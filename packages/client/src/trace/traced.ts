import type { Span } from './spans.ts'

/** Completions that are there to take. */
export interface Completions {
  readonly words: Int32Array
  readonly times: Float64Array
  /** Word index of one of them, counted from the next one on. */
  wordOf(index: number): number
}

/** The operations that completions name. */
export interface PostedOperations {
  /** Null where none is posted that has this slot and generation. */
  expected(slot: number, generation: number): Traced | null
}

/** What tracing knows of an operation: its request, as it was posted. */
export interface Traced {
  /** Less than the capacity of the channel; of one operation at a time. */
  readonly slot: number
  /** OPERATION_*. */
  readonly kind: number
  readonly fd: number
  readonly offLow: number
  readonly offHigh: number
  readonly addrLow: number
  readonly addrHigh: number
  readonly len: number
  /** It has waited, since the time that is known already. */
  called: boolean
  /** Of an OPEN: the path, where anybody may ask for it later; its memory has the result then. */
  path: string | undefined
  span: Span | null
}
