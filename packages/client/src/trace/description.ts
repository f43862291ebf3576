import {
  OPERATION_ALLOCATE,
  OPERATION_NAMES,
  OPERATION_NOP,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '../protocol/index.ts'
import type { Traced } from './traced.ts'
import type { OperationFacts } from './types.ts'

/** What tracing has to ask of the client. */
export interface Places {
  readonly threadId: number
  /** The path of the file that is open in a slot. */
  pathOf(slot: number): string | undefined
  /** The text that an OPEN request has in the arena. */
  openedPath(addr: number, length: number): string
  /** A result below 0 as an error of node:fs. */
  errorOf(res: number, syscall: string, path: string | undefined): Error
}

/** Says what an operation that was posted is about. */
export function describe(operation: Traced, places: Places, startTime: number): OperationFacts {
  const { kind } = operation
  return {
    operation: OPERATION_NAMES[kind],
    threadId: places.threadId,
    file: fileOf(operation, places),
    position: positionOf(operation),
    length: lengthOf(operation),
    startTime,
  }
}

/** The path of its file, if it has one. */
export function fileOf(operation: Traced, places: Places): string | undefined {
  const { kind, fd, path } = operation
  if (kind === OPERATION_NOP) return undefined
  return kind === OPERATION_OPEN ? path : places.pathOf(fd)
}

export function isTransfer(kind: number): boolean {
  return kind === OPERATION_READ || kind === OPERATION_WRITE
}

/** Exact to 2^53. */
function wide(low: number, high: number): number {
  return high * 4294967296 + (low >>> 0)
}

/** Byte that it begins at; null: the file's own position. */
export function positionOf({ kind, offLow, offHigh }: Traced): number | null | undefined {
  switch (kind) {
    case OPERATION_READ:
    case OPERATION_WRITE:
      return offLow === -1 && offHigh === -1 ? null : wide(offLow, offHigh)
    case OPERATION_SYNC_RANGE:
    case OPERATION_ALLOCATE:
    case OPERATION_TRIM:
      return wide(offLow, offHigh)
    default:
      return undefined
  }
}

/** Bytes that it is about. */
export function lengthOf({
  kind,
  len,
  addrLow,
  addrHigh,
  offLow,
  offHigh,
}: Traced): number | undefined {
  switch (kind) {
    case OPERATION_READ:
    case OPERATION_WRITE:
      return len >>> 0
    case OPERATION_SYNC_RANGE:
    case OPERATION_ALLOCATE:
    case OPERATION_TRIM:
      return wide(addrLow, addrHigh)
    case OPERATION_TRUNCATE:
      return wide(offLow, offHigh)
    default:
      return undefined
  }
}
