// What a read of the page cache asks for: as ASK_* of packages/client/src/protocol/cached-reads.ts.
import { binding } from './ring.ts'

export interface Ask {
  slot: number
  generation: number
  owner: number
  position: number
}

/** Reads into `memory` as a client does; the result of the addon, and the times that it stored. */
export function readCached(
  { slot, generation, owner, position }: Ask,
  memory: Uint8Array,
  timed: boolean = false,
): { result: number; started: number; ended: number } {
  const ask = Float64Array.of(slot, generation, owner, position, timed ? 1 : 0, 0, 0)
  const result = binding.readCached(ask, memory)
  return { result, started: ask[5]!, ended: ask[6]! }
}
