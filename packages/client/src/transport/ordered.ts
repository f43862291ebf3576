import { busy } from './busy.ts'
import type { CallBounds } from './call-bounds.ts'
import type { Transport } from './transport.ts'
import type { Runs } from './turns.ts'

/** Begins an operation of several requests in its turn; `of` are those of its file. */
export function ordered<T>(
  transport: Transport,
  flags: number,
  begin: () => Promise<T>,
  bounds: CallBounds | null = null,
  of: Runs | null = null,
): Promise<T> {
  if (bounds?.noWait && transport.turns.mustWait(flags)) {
    return Promise.reject(busy(transport, 'drain', 0))
  }
  return transport.turns.take(flags, begin, of)
}
