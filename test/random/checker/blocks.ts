// Files of blocks, any of which any client may write and read at any time. Each block is a register:
// there must be one order of all operations on it, in keeping with their times, in which every read
// gives what was written last. Every write has its own value, so that can be decided (Gibbons and
// Korach, "Testing shared memories", 1997): a value's cluster is its write and the reads that gave it.
import { readFileSync } from 'node:fs'
import { BLOCK_BYTES, blockOf, checksumIn } from './content.ts'
import type { Findings } from './findings.ts'
import { nameOf, type Operation } from './history.ts'
import { type Cluster, checkRegister, NEVER, type Reading, type Register } from './register.ts'
import { checkCount } from './results.ts'

const READ = 1
const WRITE = 2
const TRIM = 3

/** After everything else. */
const AT_THE_END = NEVER - 1

export class BlockFile {
  readonly #id: number
  readonly #path: string
  readonly #size: number
  readonly #findings: Findings
  readonly #registers: Register[]
  /** Every write of a block, by writer and version. */
  readonly #clusters = new Map<number, Cluster>()
  readonly #reads: Array<{ operation: Operation; index: number }> = []

  constructor(id: number, path: string, size: number, findings: Findings) {
    this.#id = id
    this.#path = path
    this.#size = size
    this.#findings = findings
    this.#registers = Array.from({ length: size / BLOCK_BYTES }, (_, block) => ({
      name: `block ${block} of file ${id}`,
      clusters: [],
      trims: [],
      zeros: [],
      torn: [],
    }))
  }

  settled(operation: Operation): void {
    checkCount(operation, this.#size, this.#findings)
    this.add(operation)
  }

  /** Takes an operation, settled or not, in any order. */
  add(operation: Operation): void {
    const { kind, code, position, length, blocks, stopped } = operation
    const first = position / BLOCK_BYTES
    if (kind === WRITE || kind === TRIM) {
      const count = length / BLOCK_BYTES
      for (let index = 0; index < count; index++) this.#written(operation, first + index, index)
    } else if (kind === READ && code === 0 && !stopped) {
      for (let index = 0; index < blocks; index++) this.#reads.push({ operation, index })
    }
  }

  #written(operation: Operation, block: number, index: number): void {
    const { kind, writer, version, invoked, code, count, stopped, notStarted } = operation
    if (notStarted || (!stopped && code > 0)) return
    const lost = operation.settled < 0
    // What was lost may take place at any later time, or never; what was stopped, until it was.
    const settled = lost ? NEVER : operation.settled
    const done = !lost && (!stopped || (index + 1) * BLOCK_BYTES <= count)
    const cluster: Cluster = {
      writer,
      version: version + index,
      block,
      invoked,
      settled,
      done,
      first: settled,
      last: invoked,
      wasRead: false,
      checksum: null,
    }
    const register = this.#registers[block]!
    if (kind === TRIM) register.trims.push(cluster)
    else {
      register.clusters.push(cluster)
      this.#clusters.set(keyOf(writer, cluster.version), cluster)
    }
  }

  /** Gives every read to the write that it saw, then looks for an order in each block. */
  check(): void {
    for (const { operation, index } of this.#reads) this.#attribute(operation, index)
    this.#readContents()
    for (const register of this.#registers) {
      checkRegister(
        register,
        ({ block, writer, version }) => blockOf(this.#id, block, writer, version),
        this.#findings,
      )
    }
  }

  #attribute(operation: Operation, index: number): void {
    const [writer, version, checksum] = operation.blockAt(index)
    const block = operation.position / BLOCK_BYTES + index
    const { invoked, settled } = operation
    const by = nameOf(operation)
    if (writer === -1) {
      const words = operation.dumpAt(index)
      if (words === undefined) this.#findings.add('history', `${by} has no dump`)
      else this.#registers[block]!.torn.push({ invoked, settled, by, words })
    } else this.#seen(block, writer, version, checksum, { invoked, settled, by })
  }

  #seen(block: number, writer: number, version: number, checksum: number, reading: Reading): void {
    if (writer === 0) {
      this.#registers[block]!.zeros.push(reading)
      return
    }
    const cluster = this.#clusters.get(keyOf(writer, version))
    const what = `${reading.by} read version ${version} of writer ${writer}`
    if (cluster === undefined || cluster.block !== block) {
      this.#findings.add('misdirected', `${what} in block ${block}, where it was not written`)
      return
    }
    cluster.checksum ??= checksumIn(blockOf(this.#id, block, writer, version))
    if (checksum !== cluster.checksum) {
      this.#findings.add('torn', `${what} in block ${block} with other bytes`)
    } else if (reading.settled < cluster.invoked) {
      this.#findings.add('stale', `${what} in block ${block} before it was written`)
    } else {
      cluster.first = Math.min(cluster.first, reading.settled)
      cluster.last = Math.max(cluster.last, reading.invoked)
      cluster.wasRead = true
    }
  }

  /** The file as it is now is read here, with node:fs, as a last read of every block. */
  #readContents(): void {
    const bytes = readFileSync(this.#path)
    if (bytes.length !== this.#size) {
      const what = `file ${this.#id} has ${bytes.length} bytes, not ${this.#size}`
      this.#findings.add('wrong contents', what)
      return
    }
    for (const [block, register] of this.#registers.entries()) {
      const found = bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES)
      const reading = { invoked: AT_THE_END, settled: AT_THE_END, by: 'the last look' }
      const [writer, version] = [found.readInt32LE(12), found.readInt32LE(16)]
      if (found.every((byte) => byte === 0)) register.zeros.push(reading)
      else if (found.equals(blockOf(this.#id, block, writer, version))) {
        this.#seen(block, writer, version, checksumIn(found), reading)
      } else {
        const place = [found.readInt32LE(4), found.readInt32LE(8)] as const
        const kind = found.equals(blockOf(...place, writer, version)) ? 'misdirected' : 'torn'
        this.#findings.add(kind, `${register.name} has another block, or none, in the end`)
      }
    }
  }
}

/** Versions stay far below this. */
function keyOf(writer: number, version: number): number {
  return writer * 2 ** 32 + version
}
