/** A load on the files: what is done, how much of it at a time, and from where. */
export interface Load {
  readonly operation: 'read' | 'write' | 'durable' | 'mixed'
  readonly access: 'random' | 'sequential'
  readonly cache: 'warm' | 'cold' | 'direct'
  /** Operations in flight, of all workers together. */
  readonly inFlight: number
  /** Threads that post. 1: the main thread alone; else so many workers, and the main thread waits. */
  readonly workers: number
  /** Bytes of an operation: a multiple of a block, or less than one from its first byte on. */
  readonly bytes: number
  /** On so many files, made for it; on those of the command line unless told. */
  readonly fileCount?: number
  /** One of a row that shows how something grows: with fewer peers. */
  readonly scale?: boolean
}

export type PeerName = 'uring-actor' | 'fs.promises' | 'fs callbacks' | 'fs sync'

/** Of a hundred mixed operations so many are writes, and so many trims; the others read. */
export const MIXED_WRITES = 25
export const MIXED_TRIMS = 5
