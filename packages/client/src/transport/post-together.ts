import type { Operation } from './operation.ts'
import type { RequestSpec } from './request-spec.ts'
import type { Transport } from './transport.ts'

/**
 * Posts claimed operations that belong together. All of them have their spans before the first is written:
 * a subscriber may post something himself, and that must not come between them.
 */
export function postTogether(
  transport: Transport,
  operations: readonly Operation[],
  specs: readonly RequestSpec[],
): void {
  for (const [index, operation] of operations.entries()) {
    describe(operation, specs[index])
    transport.beginSpan(operation)
  }
  const { failure } = transport
  for (const [index, operation] of operations.entries()) {
    const { operation: kind, flags = 0, fdGeneration = 0, rwFlags = 0 } = specs[index]
    if (failure === null) transport.write(operation, kind, flags, fdGeneration, rwFlags)
    else transport.giveBack(operation, failure)
  }
}

/** Notes such a request as a claimed operation's. */
function describe(operation: Operation, spec: RequestSpec): void {
  operation.kind = spec.operation
  operation.fd = spec.fd ?? 0
  operation.offLow = spec.offLow ?? 0
  operation.offHigh = spec.offHigh ?? 0
  operation.addrLow = spec.addrLow ?? 0
  operation.addrHigh = spec.addrHigh ?? 0
  operation.len = spec.len ?? 0
}
