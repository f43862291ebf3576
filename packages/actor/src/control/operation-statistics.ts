import type { OperationStats } from '@uring-actor/client'
import { addHistograms, errorCode, latencyAt } from '@uring-actor/client/internal'
import { KIND_F64, METRICS, OPERATION_LIMIT, OPERATION_NAMES } from '@uring-actor/client/protocol'
import type { Counts } from '../channels/counts.ts'

/** Where counts come from, and the times that belong to them. */
export interface OperationSource {
  readonly counts: Counts
  readonly trace: Float64Array | null
}

/** Histograms of one kind, of all sources together; used again for the next kind. */
const merged: Float64Array = new Float64Array(KIND_F64)

/** Figures of each kind of operation that occurred, over so many microseconds. */
export function operationStats(
  sources: readonly OperationSource[],
  micros: number,
): Record<string, OperationStats> {
  const operations: Record<string, OperationStats> = {}
  for (let kind = 1; kind < OPERATION_LIMIT; kind++) {
    const occurred = sources.filter(({ counts }) => counts.completed[kind] > 0)
    if (occurred.length > 0) operations[OPERATION_NAMES[kind]] = statsOf(kind, occurred, micros)
  }
  return operations
}

function statsOf(
  kind: number,
  sources: readonly OperationSource[],
  micros: number,
): OperationStats {
  merged.fill(0)
  const errorCodes: Record<string, number> = {}
  let count = 0
  let errors = 0
  let bytes = 0
  for (const { counts, trace } of sources) {
    count += counts.completed[kind]
    bytes += counts.bytes[kind]
    counts.errors[kind]?.forEach((times, res) => {
      const code = errorCode(res)
      errorCodes[code] = (errorCodes[code] ?? 0) + times
      errors += times
    })
    if (trace !== null) addHistograms(merged, 0, trace, kind * KIND_F64, METRICS.length)
  }
  return {
    count,
    errors,
    errorCodes,
    bytes,
    megabytesPerSecond: micros > 0 ? bytes / micros : 0,
    ...latencyAt(merged, 0),
  }
}
