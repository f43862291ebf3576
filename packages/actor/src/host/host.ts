import type { NativeBinding } from '@uring-actor/native'
import type { EngineObstacle } from '../engine/choice.ts'
import type { OpenFile } from '../files/file-table.ts'

/**
 * What the actor needs of its process and of the kernel, and node:fs does not have. There are two:
 * one with the addon, and one without, which does with node alone what can be done with it.
 *
 * Results of the kernel are `>= 0` or `-errno`.
 */
export interface Host {
  /** The addon, which a ring is made with; null without it. */
  readonly binding: NativeBinding | null
  /** The addon's file; empty without it. */
  readonly addon: string
  /** Why there is no addon. */
  readonly obstacle: EngineObstacle | null
  /** Claims the one actor of this process for this thread. False when another thread has it. */
  claim(): Promise<boolean>
  releaseClaim(): void
  /** Arranges that `words[index] = value` is stored when this thread ends. */
  storeOnExit(words: Int32Array, index: number, value: number): void
  /**
   * Linux's number of this thread, where clients have to look for themselves whether it lives:
   * where `storeOnExit` does not see every end. 0: they need not, or cannot.
   */
  readonly taskToWatch: number
  /** Soft limit of open descriptors, Infinity where there is none. */
  fileLimit(): number
  /** A child between fork and exec must not share pages that a device writes to. */
  dontFork(view: Uint8Array): void
  /** Gives memory that nobody uses back to the system; it reads as zeros, if it is ever read. */
  dropPages(view: Uint8Array): void
  /** Alignments of direct I/O on an open file: `out[0]` of memory, `out[1]` of offset and length. */
  directAlignment(fd: number, out: Uint32Array): number
  /** fallocate(2) with mode 0. */
  allocate(file: OpenFile, offset: bigint, length: bigint, done: Done): void
  /** sync_file_range(2). */
  syncRange(file: OpenFile, flags: number, offset: bigint, length: bigint, done: Done): void
  /** Empties a range; the result is one of TRIM_*, the way it went, or `-errno`. */
  trim(file: OpenFile, offset: bigint, length: bigint, done: Done): void
}

export type Done = (res: number) => void
