import { leaseReleased } from '../errors/index.ts'
import type { Arena } from './arena.ts'

/** An arena of this thread, and what is to be done when a block of it is free again. */
interface LeasedMemory {
  readonly arena: Arena
  readonly freed: () => void
}

/** A block of an arena that a call holds. */
interface Hold {
  readonly memory: LeasedMemory
  readonly page: number
}

const leasedMemory = new WeakMap<ArrayBufferLike, LeasedMemory>()
let arenas = 0

/** From now on calls know leases of this arena, and hold them. */
export function knowLeases(arena: Arena, freed: () => void): void {
  leasedMemory.set(arena.buffer, { arena, freed })
  arenas++
}

/** Its client has ended: what is free of it is given to nobody any more. */
export function forgetLeases(arena: Arena): void {
  if (leasedMemory.delete(arena.buffer)) arenas--
}

/** Whether this memory is that of leases of this thread; `own` is known to be none of them. */
export function isLeasedElsewhere(memory: ArrayBufferLike, own: Arena): boolean {
  return arenas > 1 && memory !== own.buffer && leasedMemory.has(memory)
}

/**
 * Runs a call that may have to wait for its turn, and for room. Until it has ended it holds the blocks that
 * `views` lie in, so that nobody else is given them when their leases are released meanwhile. Throws where
 * one of them was released already.
 */
export function holdingLeases<T>(
  views: ReadonlyArray<Uint8Array | null>,
  run: () => Promise<T>,
): Promise<T> {
  const holds: Hold[] = []
  try {
    for (const view of views) hold(view, holds)
  } catch (error) {
    letGo(holds)
    throw error
  }
  return holds.length === 0 ? run() : runHolding(holds, run)
}

async function runHolding<T>(holds: readonly Hold[], run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } finally {
    letGo(holds)
  }
}

function hold(view: Uint8Array | null, holds: Hold[]): void {
  if (view === null || view.length === 0) return
  const memory = leasedMemory.get(view.buffer)
  if (memory === undefined) return
  const page = memory.arena.blockOf(view.byteOffset, view.length)
  if (page < 0) throw leaseReleased()
  memory.arena.retain(page)
  holds.push({ memory, page })
}

function letGo(holds: readonly Hold[]): void {
  for (const { memory, page } of holds) {
    if (memory.arena.release(page)) memory.freed()
  }
}
