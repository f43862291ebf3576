import { openDenied, systemError } from '../errors/index.ts'
import {
  OPEN_RESULT_BYTES,
  OPERATION_CLOSE,
  OPERATION_OPEN,
  OPERATION_STAT,
  OPERATION_SYNC,
  OPERATION_UTIMES,
  PAGE_SHIFT,
  RES_ACCESS_DENIED,
  STAT_BYTES,
  SYNC_DATA,
} from '../protocol/index.ts'
import type { Outcome } from '../transport/operation.ts'
import type { RequestSpec } from '../transport/request-spec.ts'
import { allocate, call, isWanted, mend, type Steps } from '../transport/steps.ts'
import type { Transport } from '../transport/transport.ts'
import { advancedPosition, positionHigh, positionLow } from './arguments.ts'
import { FileHandleState, releaseBlock } from './handle.ts'
import type { PathBytes } from './path.ts'
import { UringBigIntStats, UringStats } from './stats.ts'

/** Opens a file in the actor; the path goes through the arena, and so does what it tells. */
export function* openSteps(
  transport: Transport,
  path: PathBytes,
  flags: number,
  mode: number,
): Steps<FileHandleState> {
  const { arena } = transport
  const byteLength = Math.max(path.bytes.length, OPEN_RESULT_BYTES)
  const page = yield* allocate(byteLength)
  try {
    const addr = page << PAGE_SHIFT
    arena.bytes.set(path.bytes, addr)
    const { res, extra } = yield* call({
      operation: OPERATION_OPEN,
      offLow: mode,
      addrLow: addr,
      len: path.bytes.length,
      rwFlags: flags,
    })
    if (res === RES_ACCESS_DENIED) throw openDenied(extra, path.text)
    if (res < 0) throw systemError(res, 'open', path.text)
    const result = new Float64Array(arena.buffer, addr, OPEN_RESULT_BYTES / 8).slice()
    const file = new FileHandleState(transport, res, extra, flags, path.text, result)
    // Nobody waits for it any more, so nobody would ever close it.
    if (!(yield* isWanted())) yield* undoOpenSteps(file)
    return file
  } finally {
    releaseBlock(transport, page)
  }
}

function* undoOpenSteps(file: FileHandleState): Steps<void> {
  file.closing = true
  file.closed = true
  file.forgetPath()
  yield* mend(requestOf(file, OPERATION_CLOSE))
}

/** A request about a file that needs no memory. */
export function requestOf(
  file: FileHandleState,
  operation: number,
  fields: Partial<RequestSpec> = {},
): RequestSpec {
  return { operation, fd: file.slot, fdGeneration: file.generation, ...fields }
}

/** A request about the bytes [position, position + length) of a file, without memory. */
export function rangeRequest(
  file: FileHandleState,
  operation: number,
  position: number | bigint,
  length: number | bigint,
  fields: Partial<RequestSpec> = {},
): RequestSpec {
  advancedPosition(length, 0)
  const addrLow = positionLow
  const addrHigh = positionHigh
  advancedPosition(position, 0)
  return requestOf(file, operation, {
    offLow: positionLow,
    offHigh: positionHigh,
    addrLow,
    addrHigh,
    ...fields,
  })
}

/** One request, whose failure is an error of node:fs. */
export function* simpleSteps(
  file: FileHandleState,
  spec: RequestSpec,
  syscall: string,
): Steps<Outcome> {
  file.assertOpen(syscall)
  const outcome = yield* call(spec)
  if (outcome.res < 0) throw systemError(outcome.res, syscall)
  return outcome
}

export function* syncSteps(file: FileHandleState, data: boolean, flags: number): Steps<void> {
  const spec = requestOf(file, OPERATION_SYNC, { flags, rwFlags: data ? SYNC_DATA : 0 })
  yield* simpleSteps(file, spec, data ? 'fdatasync' : 'fsync')
}

export function* statSteps(
  file: FileHandleState,
  bigint: boolean,
): Steps<UringStats | UringBigIntStats> {
  file.assertOpen('fstat')
  const { arena } = file.transport
  const page = yield* allocate(STAT_BYTES)
  try {
    const addr = page << PAGE_SHIFT
    const spec = requestOf(file, OPERATION_STAT, { addrLow: addr, len: STAT_BYTES })
    const { res } = yield* call(spec)
    if (res < 0) throw systemError(res, 'fstat')
    const raw = new UringBigIntStats(new BigInt64Array(arena.buffer, addr, STAT_BYTES / 8))
    return bigint ? raw : new UringStats(raw)
  } finally {
    releaseBlock(file.transport, page)
  }
}

export function* utimesSteps(file: FileHandleState, atime: number, mtime: number): Steps<void> {
  file.assertOpen('futime')
  const { arena } = file.transport
  const page = yield* allocate(16)
  try {
    const addr = page << PAGE_SHIFT
    new Float64Array(arena.buffer, addr, 2).set([atime, mtime])
    yield* simpleSteps(
      file,
      requestOf(file, OPERATION_UTIMES, { addrLow: addr, len: 16 }),
      'futime',
    )
  } finally {
    releaseBlock(file.transport, page)
  }
}

/** Closes the handle. */
export function* closeSteps(file: FileHandleState): Steps<void> {
  file.closing = true
  file.closed = true
  const { res } = yield* call(requestOf(file, OPERATION_CLOSE))
  file.forgetPath()
  if (res < 0) throw systemError(res, 'close')
}
