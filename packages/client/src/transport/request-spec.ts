import { OPERATION_OPEN } from '../protocol/index.ts'
import type { Operation } from './operation.ts'
import type { Transport } from './transport.ts'

/** One request as a value, for the paths where an object more does not matter. */
export interface RequestSpec {
  operation: number
  flags?: number
  fd?: number
  fdGeneration?: number
  offLow?: number
  offHigh?: number
  addrLow?: number
  addrHigh?: number
  len?: number
  rwFlags?: number
}

/** Posts a claimed operation with such a request. */
export function postSpec(transport: Transport, operation: Operation, spec: RequestSpec): void {
  transport.post(
    operation,
    spec.operation,
    spec.flags ?? 0,
    spec.fd ?? 0,
    spec.fdGeneration ?? 0,
    spec.offLow ?? 0,
    spec.offHigh ?? 0,
    spec.addrLow ?? 0,
    spec.addrHigh ?? 0,
    spec.len ?? 0,
    spec.rwFlags ?? 0,
  )
}

/** The result of an open is a slot; all others are at most the length that was asked for. */
export function highestResult(kind: number, len: number): number {
  return kind === OPERATION_OPEN || len < 0 ? RESULT_MAX : len
}

const RESULT_MAX = 2 ** 31 - 1
