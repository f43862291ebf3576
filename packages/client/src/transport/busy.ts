import { BusyError, type BusyReason } from '../errors/index.ts'
import type { Transport } from './transport.ts'

/** ERR_URING_BUSY, saying what is full. */
export function busy(transport: Transport, reason: BusyReason, byteLength: number): BusyError {
  const { arena, operations } = transport
  if (reason === 'channel') {
    return new BusyError(
      reason,
      `the channel is full: ${operations.outstandingCount} of this client's ` +
        `${operations.capacity} operations are outstanding`,
    )
  }
  if (reason === 'arena') {
    return new BusyError(
      reason,
      `the arena is full: ${byteLength} bytes are needed in one block, and of its ` +
        `${arena.bytes.length} bytes ${arena.freeBytes} are free`,
    )
  }
  if (reason === 'line') {
    return new BusyError(reason, 'other operations of this client wait in line for room')
  }
  if (reason === 'position') {
    return new BusyError(reason, "others at the file's own position, or its end, go before it")
  }
  return new BusyError(
    reason,
    'a drained operation has to wait for those before it, and those after it have to wait for it',
  )
}
