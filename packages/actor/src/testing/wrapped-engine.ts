import { readlinkSync } from 'node:fs'
import { FILE_KIND_REGULAR } from '@uring-actor/client/protocol'
import type { Engine, Limitation } from '../engine/engine.ts'
import type { OpenFile } from '../files/file-table.ts'
import type { OperationTable } from '../operations/operation-table.ts'
import type { FileFacts } from './injector.ts'

/** What of an engine is the same as of the engine below it. */
export abstract class WrappedEngine {
  readonly name: string
  readonly table: OperationTable
  readonly capacity: number
  readonly fileSlots: number
  readonly chainLength: number
  readonly restricted: boolean
  readonly canBlock: boolean
  readonly doorbell: number
  readonly limitations: readonly Limitation[]
  /** What was begun and refused; of all else the engine below says when it goes down. */
  leftOver = 0
  protected readonly inner: Engine
  /** Of real files, by slot. */
  protected readonly files: Array<FileFacts | undefined> = []

  constructor(name: string, inner: Engine, chainLength: number) {
    this.name = name
    this.table = inner.table
    this.capacity = inner.capacity
    this.fileSlots = inner.fileSlots
    this.chainLength = chainLength
    this.restricted = inner.restricted
    this.canBlock = inner.canBlock
    this.doorbell = inner.doorbell
    this.limitations = inner.limitations
    this.inner = inner
  }

  takeWorkers(): number {
    return this.inner.takeWorkers()
  }

  hasWorkers(): boolean {
    return this.inner.hasWorkers()
  }

  supports(kind: number, blockDevice: boolean): boolean {
    return this.inner.supports(kind, blockDevice)
  }

  registerFile(file: OpenFile): number {
    const path = readlinkSync(`/proc/self/fd/${file.fd}`)
    const regular = file.kind === FILE_KIND_REGULAR
    this.files[file.slot] = { path, regular, direct: file.direct }
    return this.inner.registerFile(file)
  }

  unregisterFile(slot: number): void {
    this.files[slot] = undefined
    this.inner.unregisterFile(slot)
  }

  attachArena(channel: number, arena: SharedArrayBuffer): void {
    this.inner.attachArena(channel, arena)
  }

  detachArena(channel: number): void {
    this.inner.detachArena(channel)
  }

  close(drainMilliseconds: number): number {
    return this.inner.close(drainMilliseconds)
  }
}
