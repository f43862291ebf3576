import { bufferChanged, leaseReleased } from '../errors/index.ts'
import { isLeasedElsewhere } from '../memory/lease-holds.ts'
import { OPERATION_READ, OPERATION_WRITE, PAGE_SHIFT } from '../protocol/index.ts'
import { copyIn } from '../transport/copy.ts'
import { type Operation, promiseFor, SETTLE_READ, SETTLE_WRITE } from '../transport/operation.ts'
import { positionHigh, positionLow } from './arguments.ts'
import type { FileHandleState } from './handle.ts'

/**
 * The hot path: one read or write that is one request. Larger ones, and those that must wait for
 * room, go through transfer-steps.ts.
 */

/** Longest transfer that is staged in one piece, in bytes. */
export const STAGE_BYTES: number = 1 << 20

export interface ReadResult<T extends ArrayBufferView = Uint8Array> {
  bytesRead: number
  buffer: T
}

export interface WriteResult<T = Uint8Array> {
  bytesWritten: number
  buffer: T
}

/**
 * Posts a read into `bytes` at the parsed position, or returns null when it must wait, or is too
 * long for one piece. `memory` is what the bytes are in, `buffer` what the result names.
 */
export function tryRead<T extends ArrayBufferView>(
  file: FileHandleState,
  bytes: Uint8Array,
  memory: ArrayBufferLike,
  buffer: T,
  flags: number,
): Promise<ReadResult<T>> | null {
  const length = bytes.length
  const operation = claimWithMemory(file, bytes, memory, OPERATION_READ, flags)
  if (operation === null) return null
  const staged = memory !== file.transport.arena.buffer
  operation.settle = SETTLE_READ
  operation.target = staged ? bytes : null
  operation.targetLength = length
  operation.buffer = buffer
  const promise = promiseFor<ReadResult<T>>(operation)
  postTransfer(file, operation, OPERATION_READ, flags, length)
  return promise
}

/** As `tryRead`, for a write; the bytes are copied now, unless they are in the arena. */
export function tryWrite<T>(
  file: FileHandleState,
  bytes: Uint8Array,
  memory: ArrayBufferLike,
  buffer: T,
  flags: number,
): Promise<WriteResult<T>> | null {
  const operation = claimWithMemory(file, bytes, memory, OPERATION_WRITE, flags)
  if (operation === null) return null
  const { arena } = file.transport
  if (memory !== arena.buffer && !copyIn(arena, operation, bytes)) {
    // Nothing was posted.
    file.transport.free(operation)
    throw bufferChanged()
  }
  operation.settle = SETTLE_WRITE
  operation.buffer = buffer as ArrayBufferView
  const promise = promiseFor<WriteResult<T>>(operation)
  postTransfer(file, operation, OPERATION_WRITE, flags, bytes.length)
  return promise
}

/** Claims an operation and holds its memory: the lease's own block, or a block to stage in. */
function claimWithMemory(
  file: FileHandleState,
  bytes: Uint8Array,
  memory: ArrayBufferLike,
  kind: number,
  flags: number,
): Operation | null {
  const { transport } = file
  const { arena } = transport
  const length = bytes.length
  // The high word of a position is never negative.
  if (file.lineOf(kind, positionHigh === -1)?.isFree === false) return null
  if (memory === arena.buffer) {
    const page = leasedBlock(file, bytes)
    file.assertAligned(bytes.byteOffset, positionLow, positionHigh, length)
    const operation = transport.claim(flags)
    if (operation === null) return null
    arena.retain(page)
    operation.page = page
    operation.addr = bytes.byteOffset
    return operation
  }
  file.assertAligned(0, positionLow, positionHigh, length)
  if (length > STAGE_BYTES || isLeasedElsewhere(memory, arena)) return null
  const operation = transport.claim(flags)
  if (operation === null) return null
  const page = arena.allocate(arena.orderFor(length))
  if (page < 0) {
    transport.free(operation)
    return null
  }
  operation.page = page
  operation.addr = page << PAGE_SHIFT
  return operation
}

/** First page of the block that a view over the arena lies in; throws when it was released. */
export function leasedBlock(file: FileHandleState, bytes: Uint8Array): number {
  const page = file.transport.arena.blockOf(bytes.byteOffset, bytes.length)
  if (page < 0) {
    throw leaseReleased()
  }
  return page
}

function postTransfer(
  file: FileHandleState,
  operation: Operation,
  kind: number,
  flags: number,
  length: number,
): void {
  file.transport.post(
    operation,
    kind,
    flags,
    file.slot,
    file.generation,
    positionLow,
    positionHigh,
    operation.addr,
    0,
    length,
    0,
  )
  file.transport.publishEarly()
}
