import fs from 'node:fs'
import type { EngineObstacle } from '../engine/choice.ts'
import { syncDescriptor } from '../files/descriptor.ts'
import { errnoOf } from '../files/errno.ts'
import type { OpenFile } from '../files/file-table.ts'
import { readText } from '../files/read-text.ts'
import { appendZeroes, overwriteWithZeroes } from '../files/zeroes.ts'
import type { Done, Host } from './host.ts'
import { ThreadClaim } from './thread-claim.ts'

const EOPNOTSUPP = -95

/** The host where there is no addon: node alone. */
export class PlainHost implements Host {
  readonly binding = null
  readonly addon = ''
  readonly obstacle: EngineObstacle
  readonly taskToWatch: number = ownTask()
  readonly #claim = new ThreadClaim()

  constructor(obstacle: EngineObstacle) {
    this.obstacle = obstacle
  }

  claim(): Promise<boolean> {
    return this.#claim.take()
  }

  releaseClaim(): void {
    this.#claim.release()
  }

  /** A thread that is terminated runs nothing at its end; `taskToWatch` is there for that. */
  storeOnExit(words: Int32Array, index: number, value: number): void {
    process.on('exit', () => Atomics.store(words, index, value))
  }

  fileLimit(): number {
    const limit = /^Max open files\s+(\d+)/m.exec(readText('/proc/self/limits'))?.[1]
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit)
  }

  /** node has no madvise(2). */
  dontFork(): void {}
  dropPages(): void {}

  directAlignment(): number {
    return EOPNOTSUPP
  }

  allocate(file: OpenFile, offset: bigint, length: bigint, done: Done): void {
    appendZeroes(file, offset, length, done)
  }

  /** Brings more to the disk than it was asked to. */
  syncRange(file: OpenFile, _flags: number, _offset: bigint, _length: bigint, done: Done): void {
    syncDescriptor(file, true, (error) => done(errnoOf(error)))
  }

  trim(file: OpenFile, offset: bigint, length: bigint, done: Done): void {
    overwriteWithZeroes(file, offset, length, done)
  }
}

/** 'process/task/thread' is where this link leads. */
function ownTask(): number {
  try {
    return Number(fs.readlinkSync('/proc/thread-self').split('/').at(-1))
  } catch {
    return 0
  }
}
