import { createRequire } from 'node:module'
import type { CachedReadCalls } from '../protocol/index.ts'

/** What was loaded in this thread, by file; null where it could not be. */
const loaded = new Map<string, CachedReadCalls | null>()

/**
 * The addon that the actor runs with, in this thread; null where it cannot be had: this thread may have
 * fewer permissions than the actor's. Nothing is lost then but time: the actor reads.
 */
export function loadAddon(file: string): CachedReadCalls | null {
  const known = loaded.get(file)
  if (known !== undefined) return known
  let calls: CachedReadCalls | null = null
  try {
    const found = createRequire(file)(file) as Partial<CachedReadCalls>
    if (typeof found.readCached === 'function') calls = found as CachedReadCalls
  } catch {
    // Told above.
  }
  loaded.set(file, calls)
  return calls
}
