// Histories and files made by hand, for the tests of the checker: one file of blocks, one of bytes.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import { BLOCK_BYTES, blockOf, bytesOf, checksumIn } from './checker/content.ts'
import { READ, WRITE } from './kinds.ts'

export const BLOCK_FILE = 0
export const BYTE_FILE = 1
const BLOCKS = 4
const BYTES = 1000
const CLIENTS = 2

/** A block that a write left there: its writer and version. */
export type Seen = readonly [writer: number, version: number] | 'zeros' | Int32Array

/** When it was invoked and settled; without the second it never was. */
export type Times = readonly [number, number?]

export interface Result {
  readonly code?: number
  readonly count?: number
  readonly form?: number
}

/** The words of a block as a write left it. */
export function wordsOf(block: number, writer: number, version: number): Int32Array {
  const bytes = blockOf(BLOCK_FILE, block, writer, version)
  return new Int32Array(bytes.buffer, bytes.byteOffset, BLOCK_BYTES / 4)
}

export class Scenario {
  readonly #records: Array<Array<{ time: number; words: number[] }>> = [[], []]
  readonly #operations = [0, 0]
  readonly #lastTimes = [0, 0]
  readonly blocks: Buffer = Buffer.alloc(BLOCKS * BLOCK_BYTES)
  readonly bytes: Buffer = Buffer.alloc(BYTES)
  delivered = 0

  /** Any operation; returns its number. */
  operation(
    client: number,
    [invoked, settled]: Times,
    fields: { kind: number; file?: number; position?: number; length?: number; form?: number },
    [writer, version]: readonly [number, number],
    { code = 0, count = 0, checksum = 0, blocks = [] as number[] } = {},
  ): number {
    const { kind, form = 0, file = BLOCK_FILE, position = 0, length = 0 } = fields
    const number = this.#operations[client]!++
    const asked = [kind, form, file, position, length, writer, version]
    this.record(client, invoked, 1, number, asked)
    if (settled !== undefined)
      this.record(client, settled, 2, number, [code, count, checksum, ...blocks])
    return number
  }

  write(
    client: number,
    times: Times,
    block: number,
    value: readonly [number, number],
    { code = 0, count = BLOCK_BYTES, form = 0 }: Result = {},
  ): number {
    const position = block * BLOCK_BYTES
    const fields = { kind: WRITE, form, position, length: BLOCK_BYTES }
    return this.operation(client, times, fields, value, { code, count })
  }

  read(
    client: number,
    times: Times,
    block: number,
    seen: Seen,
    { code = 0, count = BLOCK_BYTES, form = 0 }: Result = {},
  ): number {
    const position = block * BLOCK_BYTES
    const fields = { kind: READ, form, position, length: BLOCK_BYTES }
    let blocks = [0, 0, 0]
    if (seen instanceof Int32Array) {
      blocks = [-1, 0, 0]
      this.record(client, times[1]!, 3, this.#operations[client]!, [0, ...seen])
    } else if (seen !== 'zeros') {
      const [writer, version] = seen
      blocks = [writer, version, checksumIn(blockOf(BLOCK_FILE, block, writer, version))]
    }
    return this.operation(client, times, fields, [1, 0], { code, count, blocks })
  }

  /** What is in a block in the end. */
  left(block: number, writer: number, version: number): void {
    blockOf(BLOCK_FILE, block, writer, version).copy(this.blocks, block * BLOCK_BYTES)
  }

  /** What became of an operation that was given up. */
  outcome(client: number, time: number, number: number, state: number, count = 0, code = 0): void {
    this.record(client, time, 6, number, [state, code, count, 0])
  }

  writeBytes(times: Times, position: number, length: number, version: number): void {
    const fields = { kind: WRITE, file: BYTE_FILE, position, length }
    this.operation(0, times, fields, [1, version], { count: length })
    bytesOf(BYTE_FILE, 1, version, length).copy(this.bytes, position)
  }

  readBytes(times: Times, position: number, length: number, seen: Uint8Array): void {
    const fields = { kind: READ, file: BYTE_FILE, position, length }
    const checksum = crc32(seen) | 0
    this.operation(0, times, fields, [1, 0], { count: seen.length, checksum })
  }

  record(client: number, time: number, type: number, number: number, words: number[]): void {
    const length = 3 + words.length
    const told = type === 3 ? 0 : time
    this.#records[client]!.push({ time, words: [(length << 8) | type, told, number, ...words] })
    this.#lastTimes[client] = Math.max(this.#lastTimes[client]!, time)
  }

  /** Writes everything into a new folder. */
  save(directory: string): void {
    mkdirSync(directory)
    const file = (id: number, kind: string, size: number) => ({
      id,
      path: path.join(directory, kind),
      kind,
      size,
    })
    const files = [
      file(BLOCK_FILE, 'blocks', this.blocks.length),
      file(BYTE_FILE, 'bytes', this.bytes.length),
    ]
    writeFileSync(files[0]!.path, this.blocks)
    writeFileSync(files[1]!.path, this.bytes)
    const clients = Array.from({ length: CLIENTS }, (_, client) => ({ history: `${client}` }))
    for (let client = 0; client < CLIENTS; client++) {
      const end = this.#lastTimes[client]! + 1
      const taken = this.#operations[client]!
      this.record(client, end, 4, 0, [taken, 0, taken, 0, taken + this.delivered])
      this.record(client, end + 1, 5, taken, [])
      const words = this.#records[client]!.sort((a, b) => a.time - b.time).flatMap((r) => r.words)
      writeFileSync(path.join(directory, `${client}`), Int32Array.from(words))
    }
    writeFileSync(path.join(directory, 'run.json'), JSON.stringify({ files, clients }))
  }
}
