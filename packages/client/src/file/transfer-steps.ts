import { bufferChanged, systemError } from '../errors/index.ts'
import {
  FILE_KIND_OTHER,
  OPERATION_READ,
  OPERATION_WRITE,
  PAGE_BYTES,
  PAGE_SHIFT,
} from '../protocol/index.ts'
import type { Outcome } from '../transport/operation.ts'
import type { RequestSpec } from '../transport/request-spec.ts'
import {
  finish,
  isWanted,
  keep,
  mayGoOn,
  type Pending,
  type Steps,
  start,
} from '../transport/steps.ts'
import { Turn } from '../transport/turn.ts'
import { advancedPosition, positionHigh, positionLow } from './arguments.ts'
import { type FileHandleState, releaseBlock } from './handle.ts'
import { leasedBlock, STAGE_BYTES } from './transfer.ts'

const ECANCELED = -125

/** Pieces of one long transfer that are in flight together. */
const PIECES_IN_FLIGHT = 4

interface Piece {
  readonly page: number
  readonly length: number
  readonly pending: Pending
}

/** What a long transfer came to: bytes done in one run from its start, and the first error. */
interface TransferResult {
  bytes: number
  error: number
}

/**
 * Reads into, or writes from, `bytes`: as one request when they are a lease, else staged through
 * the arena in pieces, several in flight at a time, but for those that depend on each other. Where the
 * order of the calls tells the place, none begins amid another.
 */
function transferSteps(
  file: FileHandleState,
  kind: number,
  bytes: Uint8Array,
  position: number | bigint | null,
  flags: number,
): Steps<TransferResult> {
  advancedPosition(position, 0)
  const leased = bytes.buffer === file.transport.arena.buffer
  if (leased) leasedBlock(file, bytes)
  const address = leased ? bytes.byteOffset : 0
  file.assertAligned(address, positionLow, positionHigh, bytes.length)
  const line = file.lineOf(kind, position === null)
  // Thousands may wait for memory: who needs no turn has no object of one.
  const turn = line === null ? null : new Turn(line)
  const steps = leased ? leasedSteps : stagedSteps
  return steps(file, kind, bytes, position, flags, turn)
}

function* leasedSteps(
  file: FileHandleState,
  kind: number,
  bytes: Uint8Array,
  position: number | bigint | null,
  flags: number,
  turn: Turn | null,
): Steps<TransferResult> {
  const page = leasedBlock(file, bytes)
  file.transport.arena.retain(page)
  try {
    if (turn !== null) yield* turn.take()
    const spec = transferSpec(file, kind, position, 0, bytes.byteOffset, bytes.length, flags)
    const pending = yield* start(spec)
    turn?.pass()
    return resultOf(yield* finish(pending))
  } finally {
    turn?.pass()
    releaseBlock(file.transport, page)
  }
}

function* stagedSteps(
  file: FileHandleState,
  kind: number,
  bytes: Uint8Array,
  position: number | bigint | null,
  flags: number,
  turn: Turn | null,
): Steps<TransferResult> {
  const { arena } = file.transport
  const total = bytes.length
  const wanted = Math.min(STAGE_BYTES, total)
  const least = leastPiece(file, wanted)
  // Only the first block is waited for: nobody waits for memory while he holds some. And nobody who has
  // his turn waits for memory, which may be a lease whose owner waits for his turn. Thousands may wait
  // here: without a generator of its own for this step, and with nothing that is needed later only.
  const pages = [(yield { do: 'allocate', byteLength: wanted, least }) as number]
  const pieceBytes = Math.min(wanted, arena.bytesOf(pages[0]))
  const order = arena.orderFor(pieceBytes)
  const serial = mustBeSerial(file, kind, position)
  const window = serial ? 1 : Math.min(PIECES_IN_FLIGHT, Math.ceil(total / pieceBytes))
  const idle = [pages[0]]
  const result: TransferResult = { bytes: 0, error: 0 }
  const pieces: Piece[] = []
  let next = 0
  let ended = false
  let stopped = false
  try {
    if (turn !== null) yield* turn.take()
    for (;;) {
      if (next > 0 && next < total && !ended) stopped = !(yield* mayGoOn())
      while (!ended && !stopped && next < total && pieces.length < window) {
        let page = idle.pop() ?? -1
        if (page < 0) {
          page = arena.allocate(order)
          if (page < 0) break
          pages.push(page)
        }
        const length = Math.min(pieceBytes, total - next)
        const addr = page << PAGE_SHIFT
        if (bytes.length !== total) throw bufferChanged()
        if (kind === OPERATION_WRITE) arena.bytes.set(bytes.subarray(next, next + length), addr)
        const spec = transferSpec(file, kind, position, next, addr, length, flags)
        pieces.push({ page, length, pending: yield* start(spec) })
        next += length
      }
      if (next === total) turn?.pass()
      const piece = pieces.shift()
      if (piece === undefined) break
      const outcome = yield* finish(piece.pending)
      idle.push(piece.page)
      // What was read at the file's own position has been taken from there, so none of it is lost.
      if (ended && position !== null) continue
      const done = doneBy(outcome)
      if (kind === OPERATION_READ) yield* deliver(file, bytes, result.bytes, piece, done, total)
      result.bytes += done
      if (result.error === 0) result.error = Math.min(outcome.res, 0)
      ended ||= outcome.res < piece.length
    }
    if (stopped && !ended) result.error = ECANCELED
    return result
  } catch (error) {
    yield* awaitAll(pieces)
    throw error
  } finally {
    turn?.pass()
    // After a failure of the client its arena is never used again, so nothing can be misdirected.
    for (const page of pages) releaseBlock(file.transport, page)
  }
}

/** Bytes of the shortest piece. A read of a pipe takes what there is, so a second one might wait. */
function leastPiece({ kind, direct, offsetAlignment }: FileHandleState, wanted: number): number {
  if (kind === FILE_KIND_OTHER) return wanted
  return Math.min(wanted, direct ? Math.max(PAGE_BYTES, offsetAlignment) : PAGE_BYTES)
}

/** Memory stays held until the kernel has done with it, also when the transfer has failed before. */
function* awaitAll(pieces: readonly Piece[]): Steps<void> {
  for (const { pending } of pieces) {
    try {
      yield* finish(pending)
    } catch {
      // It was refused, or the client has failed: nothing is in flight that could be waited for.
    }
  }
}

function doneBy({ res, extra }: Outcome): number {
  return res < 0 ? extra : res
}

/**
 * Whether each piece must wait for the one before it. The actor does what concerns the file's own
 * position in the order of the requests, so reads follow one another; but no write may follow one
 * that failed, and a short read of a pipe is no end.
 */
function mustBeSerial(
  file: FileHandleState,
  kind: number,
  position: number | bigint | null,
): boolean {
  if (kind === OPERATION_WRITE) return file.lineOf(kind, position === null) !== null
  return position === null && file.kind === FILE_KIND_OTHER
}

/** Copies what a piece has read to the caller, if his buffer is still ours to write to. */
function* deliver(
  file: FileHandleState,
  bytes: Uint8Array,
  at: number,
  piece: Piece,
  done: number,
  total: number,
): Steps<void> {
  if (done === 0) return
  const from = piece.page << PAGE_SHIFT
  const read = file.transport.arena.bytes.subarray(from, from + done)
  if (yield* isWanted()) {
    if (bytes.length !== total) throw bufferChanged()
    bytes.set(read, at)
  } else if (piece.length === total) {
    // What was taken from a pipe cannot be read again: it is in the outcome.
    yield* keep(read.slice())
  }
}

function transferSpec(
  file: FileHandleState,
  kind: number,
  position: number | bigint | null,
  delta: number,
  addr: number,
  length: number,
  flags: number,
): RequestSpec {
  advancedPosition(position, delta)
  return {
    operation: kind,
    flags,
    fd: file.slot,
    fdGeneration: file.generation,
    offLow: positionLow,
    offHigh: positionHigh,
    addrLow: addr,
    len: length,
  }
}

function resultOf(outcome: Outcome): TransferResult {
  return { bytes: doneBy(outcome), error: Math.min(outcome.res, 0) }
}

/** The steps of a whole read: bytes read, or the kernel's error when there were none. */
export function* readSteps(
  file: FileHandleState,
  bytes: Uint8Array,
  position: number | bigint | null,
  flags: number,
): Steps<number> {
  const result = yield* transferSteps(file, OPERATION_READ, bytes, position, flags)
  if (result.error < 0 && result.bytes === 0) throw systemError(result.error, 'read')
  return result.bytes
}

/** The steps of a whole write: all bytes, or an error that tells how many were written. */
export function* writeSteps(
  file: FileHandleState,
  bytes: Uint8Array,
  position: number | bigint | null,
  flags: number,
): Steps<number> {
  const result = yield* transferSteps(file, OPERATION_WRITE, bytes, position, flags)
  if (result.error < 0) {
    throw Object.assign(systemError(result.error, 'write'), { bytesWritten: result.bytes })
  }
  return result.bytes
}
