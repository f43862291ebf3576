import { OPERATION_CLOSE, OPERATION_OPEN } from '@uring-actor/client/protocol'
import type { LayerParts } from '../engine/layer.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { OpenFile } from '../files/file-table.ts'
import {
  type OperationTable,
  ROW_ADDR_LOW,
  ROW_CHANNEL,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { FaultEngine } from './fault-engine.ts'

const EIO = -5

/** Opening, closing and metadata with the faults of the plan's rules. */
export class FaultCalls implements FileCalls {
  readonly #engine: FaultEngine
  readonly #table: OperationTable
  readonly #parts: LayerParts
  readonly #inner: FileCalls

  constructor(engine: FaultEngine, parts: LayerParts, inner: FileCalls) {
    this.#engine = engine
    this.#table = engine.table
    this.#parts = parts
    this.#inner = inner
  }

  get pending(): number {
    return this.#inner.pending
  }
  set pending(count: number) {
    this.#inner.pending = count
  }

  begin(row: number): void {
    const { injector } = this.#engine
    const operation = injector.operationOf(row, false, this.#pathOf(row * ROW_WORDS))
    injector.record(operation, 'begun', row, 0, 0)
    if (operation.powerCut) this.#engine.cutPower(operation)
    if (operation.error === 0) {
      const file = this.#table.words[row * ROW_WORDS + ROW_FILE]
      const closes = operation.kind === OPERATION_CLOSE
      if (!closes && this.#engine.isCutOff(file))
        injector.record(operation, 'power-off', row, 0, EIO)
      this.#inner.begin(row)
      return
    }
    injector.record(operation, 'error', row, 0, operation.error)
    const settle = (): void => {
      this.#parts.events.settled(row, operation.error, 0)
      this.#parts.events.wake()
    }
    // As with close(2), the file is closed also when that fails.
    if (operation.kind === OPERATION_CLOSE) this.#inner.closeFile(this.#fileOf(row), settle)
    else settle()
  }

  #fileOf(row: number): OpenFile {
    return this.#parts.files.at(this.#table.words[row * ROW_WORDS + ROW_FILE]) as OpenFile
  }

  /** The path that an open names; of any other call the injector knows it. */
  #pathOf(at: number): string | undefined {
    const { words } = this.#table
    if (words[at + ROW_KIND] !== OPERATION_OPEN) return undefined
    const channel = this.#parts.channels[words[at + ROW_CHANNEL]]
    const start = words[at + ROW_ADDR_LOW]
    if (!channel) return undefined
    return Buffer.from(channel.arena.slice(start, start + words[at + ROW_LEN])).toString()
  }

  closeFile(file: OpenFile, done: (res: number) => void): void {
    this.#inner.closeFile(file, done)
  }
}
