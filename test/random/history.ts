// One client's history, as FORMAT.md has it: written with node:fs, not with what is tested.
import { closeSync, openSync, writeSync } from 'node:fs'
import { BLOCK_WORDS, identityOf, type Memory, stateOf } from './content.ts'
import type { Board } from './plan.ts'

const INVOKED = 1
const SETTLED = 2
const DUMP = 3
const SESSION = 4
const END = 5
const OUTCOME = 6
const BUFFER_WORDS = 1 << 16
/** A record of a read of several blocks, all of them dumped, fits in what is kept free. */
const RECORD_WORDS_MAX = 8 * (BLOCK_WORDS + 8)

/** What lanes tell of their operations. */
export interface Journal {
  /** How many were invoked. */
  readonly operations: number
  /** Returns the operation's number. */
  invoked(
    kind: number,
    form: number,
    file: number,
    position: number,
    length: number,
    writer: number,
    version: number,
  ): number
  settled(operation: number, code: number, count: number, checksum?: number): void
  /** A read of blocks that begin with `block`. */
  settledBlocks(operation: number, count: number, memory: Memory, file: number, block: number): void
  /** What became of an operation that was given up; with the blocks if it was a read. */
  outcome(
    operation: number,
    state: number,
    code: number,
    count: number,
    memory: Memory | null,
    file: number,
    block: number,
  ): void
}

export class History implements Journal {
  readonly #fd: number
  readonly #board: Board
  readonly #client: number
  readonly #words = new Int32Array(BUFFER_WORDS)
  #used = 0
  #operations = 0

  constructor(path: string, board: Board, client: number) {
    this.#fd = openSync(path, 'w')
    this.#board = board
    this.#client = client
  }

  get operations(): number {
    return this.#operations
  }

  invoked(
    kind: number,
    form: number,
    file: number,
    position: number,
    length: number,
    writer: number,
    version: number,
  ): number {
    const operation = this.#operations++
    const at = this.#begin(INVOKED, 10, this.#board.tick(), operation)
    const words = this.#words
    words[at] = kind
    words[at + 1] = form
    words[at + 2] = file
    words[at + 3] = position
    words[at + 4] = length
    words[at + 5] = writer
    words[at + 6] = version
    this.#board.setDone(this.#client, this.#operations)
    return operation
  }

  settled(operation: number, code: number, count: number, checksum = 0): void {
    const at = this.#begin(SETTLED, 6, this.#board.tick(), operation)
    this.#words[at] = code
    this.#words[at + 1] = count
    this.#words[at + 2] = checksum
  }

  /** Only whole blocks are told. */
  settledBlocks(
    operation: number,
    count: number,
    memory: Memory,
    file: number,
    block: number,
  ): void {
    const time = this.#board.tick()
    const told = this.#told(operation, count, memory, file, block)
    const at = this.#begin(SETTLED, 6 + told.length, time, operation)
    this.#words.set([0, count, 0, ...told], at)
  }

  outcome(
    operation: number,
    state: number,
    code: number,
    count: number,
    memory: Memory | null,
    file: number,
    block: number,
  ): void {
    const time = this.#board.tick()
    const told = memory === null ? [] : this.#told(operation, count, memory, file, block)
    const at = this.#begin(OUTCOME, 7 + told.length, time, operation)
    this.#words.set([state, code, count, 0, ...told], at)
  }

  /** Writer, version and checksum of each block; those that are none are dumped. */
  #told(operation: number, count: number, memory: Memory, file: number, block: number): number[] {
    const blocks = Math.floor(count / (BLOCK_WORDS * 4))
    const told: number[] = []
    for (let index = 0; index < blocks; index++) {
      const state = stateOf(memory, index, file, block + index)
      if (state === 'sealed') told.push(...identityOf(memory, index))
      else told.push(state === 'zeros' ? 0 : -1, 0, 0)
      if (state === 'other') this.#dump(operation, index, memory)
    }
    return told
  }

  #dump(operation: number, index: number, memory: Memory): void {
    const at = this.#begin(DUMP, 4 + BLOCK_WORDS, 0, operation)
    this.#words[at] = index
    const from = index * BLOCK_WORDS
    this.#words.set(memory.words.subarray(from, from + BLOCK_WORDS), at + 1)
  }

  session(
    taken: number,
    cached: number,
    completed: number,
    inFlight: number,
    delivered: number,
  ): void {
    const at = this.#begin(SESSION, 8, this.#board.tick(), 0)
    this.#words.set([taken, cached, completed, inFlight, delivered], at)
  }

  end(): void {
    this.#begin(END, 3, this.#board.tick(), this.#operations)
    this.flush()
    closeSync(this.#fd)
  }

  /** Returns where the record's fourth word goes. */
  #begin(type: number, length: number, time: number, operation: number): number {
    if (this.#used + RECORD_WORDS_MAX > BUFFER_WORDS) this.flush()
    const at = this.#used
    this.#used += length
    this.#words[at] = (length << 8) | type
    this.#words[at + 1] = time
    this.#words[at + 2] = operation
    return at + 3
  }

  flush(): void {
    const bytes = new Uint8Array(this.#words.buffer, 0, this.#used * 4)
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done)
    this.#used = 0
  }
}
