// Two files that the actor may write to itself, and a world that says how long that takes: for the tests of
// cached writes.
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { mock } from 'node:test'
import { FILE_KIND_REGULAR, nowMicros, OPERATION_WRITE } from '@uring-actor/client/protocol'
import { CachedWrites } from '#dist/engine/cached-writes.js'
import { OpenFile } from '#dist/files/file-table.js'
import * as rows from '#dist/operations/operation-table.js'

export const ARENA_BYTES = 1 << 20
/** The longest that is made by the actor. */
export const LONGEST = 32_768
export const [FIRST, SECOND] = [1, 2]
const CAPACITY = 64
const PLENTY = Number.POSITIVE_INFINITY

/** Two open files, an arena of random bytes, and the results that were delivered. */
export class Setting {
  readonly #directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-cached-writes-'))
  readonly table = new rows.OperationTable(CAPACITY)
  readonly arena = new Uint8Array(ARENA_BYTES).map(() => Math.random() * 256)
  readonly files: OpenFile[] = []
  readonly writes: CachedWrites
  /** Results, in the order of their delivery. */
  readonly delivered: number[] = []
  readonly inRing: number[] = []
  /** What may still be dirty, and how long this thread has waited for a processor. */
  room = PLENTY
  roomAsked = 0
  delayed = 0
  /** All that a write takes is waiting for a processor, as it may be where many tests run. */
  patient = false
  ringHasRoom = true
  /** How many the last submission has left for a later one. */
  left = 0

  constructor() {
    const dirty = {
      room: () => {
        this.roomAsked++
        return this.room
      },
      close: () => {},
    }
    const micros = (): number => {
      if (this.patient) this.delayed += 1e9
      return this.delayed
    }
    const delay = { micros, close: () => {} }
    this.writes = new CachedWrites(this.table.words, [this.arena], 4, dirty, delay)
    for (const slot of [FIRST, SECOND]) this.open(slot, fs.constants.O_RDWR)
  }

  open(slot: number, flags: number, byWorker = true): void {
    const name = path.join(this.#directory, `${slot}`)
    const fd = fs.openSync(name, flags | fs.constants.O_CREAT | fs.constants.O_TRUNC)
    const file = new OpenFile(slot, 1, fd, 0, flags, FILE_KIND_REGULAR, 4096, 4096)
    file.inode = `${slot}`
    file.writesByWorker = byWorker && file.cachesWrites
    this.files[slot] = file
    this.writes.fileOpened(file)
  }

  content(slot: number): Buffer {
    return fs.readFileSync(path.join(this.#directory, `${slot}`))
  }

  row(kind: number, slot: number, position: number, length: number): number {
    const row = this.table.claim()
    const at = row * rows.ROW_WORDS
    this.table.words.fill(0, at, at + rows.ROW_WORDS)
    this.table.words[at + rows.ROW_KIND] = kind
    this.table.words[at + rows.ROW_FILE] = slot
    this.table.words[at + rows.ROW_OFF_LOW] = position | 0
    this.table.words[at + rows.ROW_OFF_HIGH] = Math.floor(position / 4294967296)
    this.table.words[at + rows.ROW_ADDR_LOW] = position % ARENA_BYTES
    this.table.words[at + rows.ROW_LEN] = length
    return row
  }

  /** A write of a block, and whether it is made here. */
  takes(slot: number, position = 0, length = 4096): boolean {
    const row = this.row(OPERATION_WRITE, slot, position, length)
    const taken = this.writes.take(row)
    if (!taken) this.table.free(row)
    return taken
  }

  submit(): number {
    this.left = this.writes.make((row) => {
      if (this.ringHasRoom) this.inRing.push(row)
      return this.ringHasRoom
    })
    return this.writes.deliver(this)
  }

  /** Until none waits: there may not be time for all of them at once. */
  submitAll(): void {
    while (this.writes.waiting > 0) this.submit()
  }

  completed(row: number, res: number): void {
    this.table.free(row)
    this.delivered.push(res)
  }

  close(): void {
    for (const slot of [FIRST, SECOND]) fs.closeSync(this.files[slot]!.fd)
    this.writes.close()
    fs.rmSync(this.#directory, { recursive: true })
  }
}

/** The thread does nothing else meanwhile, as in a system call that waits. */
function wait(micros: number): void {
  const ends = nowMicros() + micros
  while (nowMicros() < ends);
}

/** Has each write take so long, in microseconds; tells how many there were. */
export function slowWrites(micros: () => number): { mock: { callCount(): number } } {
  const real = fs.writeSync
  return mock.method(fs, 'writeSync', (...given: unknown[]) => {
    wait(micros())
    return (real as (...given: unknown[]) => number)(...given)
  }) as unknown as { mock: { callCount(): number } }
}
