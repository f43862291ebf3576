import { READ, WRITE } from './shared.ts'

/**
 * One word for each block, counted up by every change: odd when the block was written, and then
 * its version; even when it was trimmed. So no version ever comes twice, and a block that a trim
 * or a write has not reached is always found.
 */

/** The word after an operation has succeeded. */
export function nextVersion(word: number, kind: number): number {
  if (kind === READ) return word
  return kind === WRITE ? ((word + 1) | 1) >>> 0 : ((word + 2) & ~1) >>> 0
}

/** The version that must be found in the block; 0 for zeros. */
export function contentVersion(word: number): number {
  return word % 2 === 1 ? word : 0
}
