// What all threads of one round know: the folder, its files, and who does what.
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { BLOCK_BYTES } from './content.ts'

export interface PlannedFile {
  readonly id: number
  readonly path: string
  readonly kind: 'blocks' | 'bytes'
  readonly size: number
}

/** One thread's part. */
export interface PlannedClient {
  readonly history: string
  /** Only calls that block the thread. */
  readonly blocking: boolean
  readonly lanes: number
  /** Writer of the first lane; the others count on. */
  readonly firstWriter: number
  readonly operations: number
  /** How often it connects anew, each time for the same share of its operations. */
  readonly sessions: number
}

export interface Plan {
  readonly directory: string
  readonly seed: number
  readonly engine: 'io_uring' | 'threadpool'
  readonly writers: number
  readonly files: readonly PlannedFile[]
  readonly clients: readonly PlannedClient[]
}

/** What a client's thread is given. */
export interface Task {
  readonly plan: Plan
  readonly client: number
  readonly board: SharedArrayBuffer
}

/** Buffered files that all clients use, and one that is used with O_DIRECT. */
export const SHARED_FILES: readonly number[] = [0, 1]
export const DIRECT_FILE = 2
const BYTE_FILES = 3
export const SHARED_BLOCKS = 1024
/** Of the direct file each lane has so many to itself: nothing else is coherent with O_DIRECT. */
export const DIRECT_BLOCKS_PER_LANE = 8
const BYTE_FILE_BYTES = 65536

const LANES = 8
const ASYNC_CLIENTS = 4
/** One call at a time takes longer than many: the clients that make no more do fewer, each. */
const ALONE_SHARE = 0.04
/** The last but one blocks, the last awaits each operation, and so reads much of it by itself. */
const ALONE_CLIENTS = 2

/** Plans a round, and makes its folder, files and manifest. */
export function makePlan(
  directory: string,
  seed: number,
  engine: Plan['engine'],
  operations: number,
): Plan {
  mkdirSync(directory, { recursive: true })
  const writers = ASYNC_CLIENTS * LANES + ALONE_CLIENTS
  const alone = Math.round(operations * ALONE_SHARE)
  const each = Math.ceil((operations - ALONE_CLIENTS * alone) / ASYNC_CLIENTS)
  const clients = Array.from({ length: ASYNC_CLIENTS + ALONE_CLIENTS }, (_, index) => {
    const history = `client-${index}.history`
    const before = index - ASYNC_CLIENTS
    const planned: PlannedClient =
      before < 0
        ? {
            history,
            blocking: false,
            lanes: LANES,
            firstWriter: index * LANES + 1,
            operations: each,
            sessions: 3,
          }
        : {
            history,
            blocking: before === 0,
            lanes: 1,
            firstWriter: ASYNC_CLIENTS * LANES + before + 1,
            operations: alone,
            sessions: 3,
          }
    return planned
  })
  const files: PlannedFile[] = [...SHARED_FILES, DIRECT_FILE].map((id) => {
    const blocks = id === DIRECT_FILE ? writers * DIRECT_BLOCKS_PER_LANE : SHARED_BLOCKS
    const name = path.join(directory, `blocks-${id}`)
    return { id, path: name, kind: 'blocks', size: blocks * BLOCK_BYTES }
  })
  for (let writer = 1; writer <= writers; writer++) {
    const name = path.join(directory, `bytes-${writer}`)
    files.push({ id: byteFileOf(writer), path: name, kind: 'bytes', size: BYTE_FILE_BYTES })
  }
  for (const { path: name, size } of files) {
    const fd = openSync(name, 'w')
    ftruncateSync(fd, size)
    closeSync(fd)
  }
  const plan = { directory, seed, engine, writers, files, clients }
  writeFileSync(path.join(directory, 'run.json'), JSON.stringify(plan, null, 2))
  return plan
}

/** The file of bytes that is this lane's own. */
export function byteFileOf(writer: number): number {
  return BYTE_FILES + writer - 1
}

/** Words that all threads share: a clock, a stop sign, and how far each client has come. */
export class Board {
  readonly memory: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#words = new Int32Array(memory)
  }

  static create(clients: number): Board {
    return new Board(new SharedArrayBuffer((2 + clients) * SPACING * 4))
  }

  /** The next time of the run: later events have higher ones, on any thread. */
  tick(): number {
    return Atomics.add(this.#words, 0, 1)
  }

  stop(): void {
    Atomics.store(this.#words, SPACING, 1)
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, SPACING) === 1
  }

  setDone(client: number, operations: number): void {
    this.#words[(2 + client) * SPACING] = operations
  }

  /** Operations invoked, of all clients. */
  get done(): number {
    let sum = 0
    for (let at = 2 * SPACING; at < this.#words.length; at += SPACING) sum += this.#words[at]!
    return sum
  }
}

/** Words of different threads are 128 bytes apart. */
const SPACING = 32
