import type { CallBounds } from './call-bounds.ts'
import { type Outcome, type Reject, SETTLE_OUTCOME } from './operation.ts'
import { postSpec, type RequestSpec } from './request-spec.ts'
import type { Transport } from './transport.ts'

/**
 * Posts a request when there is room, first come first served. `settled` gets the raw outcome, or
 * `failed` the error when the client fails.
 */
export function startRequest(
  transport: Transport,
  spec: RequestSpec,
  settled: (outcome: Outcome) => void,
  failed: Reject,
  bounds: CallBounds | null,
  since: number,
): void {
  const { operations } = transport
  const enter = (): boolean => {
    if (transport.failure !== null) {
      failed(transport.failure)
      return true
    }
    const operation = operations.claim()
    if (operation === null) return false
    operation.settle = SETTLE_OUTCOME
    operation.resolve = settled as (value: unknown) => void
    operation.reject = failed
    transport.trace.calledAt(operation, since)
    bounds?.follow(operation)
    postSpec(transport, operation, spec)
    return true
  }
  const entering = transport.trace.inContext(enter)
  if (bounds === null) operations.whenFree(entering)
  else bounds.waitInLine((start) => operations.whenFree(start), entering, failed)
}
