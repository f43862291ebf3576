// The program that strace counts the system calls of: a number of reads, and the end.
//   traced-reads.js PEER FILE SIZE DEPTH OPERATIONS
import { Meter } from './meter.ts'
import { fsPromises, ours } from './peers.ts'

export type TracedPeer = 'ours' | 'fs.promises'

/** Ends after so many operations, however long they take. */
class CountedMeter extends Meter {
  readonly #limit: number

  constructor(limit: number, size: number) {
    super(Number.POSITIVE_INFINITY, size)
    this.#limit = limit
  }

  override next(): boolean {
    return this.count < this.#limit && super.next()
  }
}

const [peer, file, size, depth, operations] = process.argv.slice(2) as [TracedPeer, ...string[]]
const open = peer === 'ours' ? ours : fsPromises
const load = await open({ kind: 'read', depth: Number(depth), direct: false }, { file: file! })
await load(new CountedMeter(Number(operations), Number(size)))
