import { constants } from 'node:fs'
import type { FileFacts } from './injector.ts'
import { MemoryFile } from './memory-file.ts'
import type { Random } from './random.ts'
import type { VirtualTime } from './virtual-time.ts'

/**
 * Virtual time 0, in nanoseconds since the epoch: the beginning of 2000. Files' times follow from virtual time, so
 * that a seed gives the same ones again; and none is 0, which programs may take for none.
 */
const BEGIN_NANOS = 946_684_800_000_000_000n

/** A file that is open: until the power is cut. */
export interface MemoryHandle {
  readonly file: MemoryFile
  readonly flags: number
  /** Where a read that names no position goes on, on a file opened for appending. */
  position: number
  /** The power has been cut since it was opened. */
  stale: boolean
}

/**
 * A simulated disk with a filesystem on it: files by name, in no directories. A name is any path,
 * and nobody but the actor's clients sees it.
 */
export class MemoryDisk {
  /** False from a power cut until it comes back. */
  powered = true
  readonly #files = new Map<string, MemoryFile>()
  readonly #handles: Array<MemoryHandle | null> = []
  readonly #capacity: number
  readonly #sectorBytes: number
  readonly #clock: () => bigint
  #made = 0

  constructor(capacity: number, sectorBytes: number, time: VirtualTime) {
    this.#clock = () => BEGIN_NANOS + BigInt(Math.round(time.now * 1000))
    this.#capacity = capacity
    this.#sectorBytes = sectorBytes
  }

  find(path: string): MemoryFile | null {
    return this.#files.get(path) ?? null
  }

  create(path: string): MemoryFile {
    const file = new MemoryFile(path, ++this.#made, this.#sectorBytes, this.#clock)
    this.#files.set(path, file)
    return file
  }

  /** Bytes by which a file may grow. */
  get free(): number {
    let used = 0
    for (const file of this.#files.values()) used += file.size
    return Math.max(0, this.#capacity - used)
  }

  open(slot: number, file: MemoryFile, flags: number): void {
    this.#handles[slot] = { file, flags, position: 0, stale: false }
  }

  /** What is open at a slot, also after the power was cut; null when nothing is. */
  handle(slot: number): MemoryHandle | null {
    return this.#handles[slot] ?? null
  }

  /** The same, as the injector of faults wants to know it. */
  factsOf(slot: number): FileFacts | undefined {
    const handle = this.handle(slot)
    if (handle === null) return undefined
    const direct = (handle.flags & (constants.O_DIRECT ?? 0)) !== 0
    return { path: handle.file.path, regular: true, direct }
  }

  close(slot: number): void {
    this.#handles[slot] = null
  }

  /** Of what was not synced, some is lost; of files whose name was never synced, some are gone. */
  cutPower(random: Random): void {
    this.powered = false
    for (const handle of this.#handles) if (handle) handle.stale = true
    for (const [path, file] of this.#files) {
      file.loseUnsynced(random)
      if (!file.named && random.chance(0.5)) this.#files.delete(path)
    }
  }
}
