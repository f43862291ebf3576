import type { Span } from './spans.ts'

/** What tracing knows of an operation: its request, as it was posted. */
export interface Traced {
  /** OPERATION_*. */
  readonly kind: number
  readonly fd: number
  readonly offLow: number
  readonly offHigh: number
  readonly addrLow: number
  readonly addrHigh: number
  readonly len: number
  /** When it was called, in microseconds; 0 where nothing is traced. */
  postedAt: number
  span: Span | null
}
