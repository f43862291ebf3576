import type { BigIntStats } from 'node:fs'
import { STAT_FIELDS } from '@uring-actor/client/protocol'
import type { OpenFile } from './file-table.ts'

const INT64_MAX = 2n ** 63n - 1n

/** Writes a file's status as the client reads it: STAT_FIELDS in their order. */
export function writeStatus(record: BigInt64Array, stats: BigIntStats, file: OpenFile): void {
  for (let index = 0; index < STAT_FIELDS.length; index++) {
    const name = STAT_FIELDS[index]
    // The alignments were found out when the file was opened.
    if (name === 'directMemoryAlignment') record[index] = BigInt(file.memoryAlignment)
    else if (name === 'directOffsetAlignment') record[index] = BigInt(file.offsetAlignment)
    else record[index] = inInt64(stats[name])
  }
}

/** There is no room for the nanoseconds of times before 1677 and after 2262: they are the first, or last, of those. */
function inInt64(value: bigint): bigint {
  if (BigInt.asIntN(64, value) === value) return value
  return value < 0n ? -INT64_MAX : INT64_MAX
}
