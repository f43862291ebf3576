import type { Random } from './random.ts'

/** What one change to a file does, in the order in which they were made. */
type Change =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: 'zero'; readonly position: number; readonly length: number }
  | { readonly kind: 'size'; readonly size: number }

/** Of the simulated disk's clock, in nanoseconds since the epoch. */
export interface FileTimes {
  access: bigint
  modification: bigint
  change: bigint
  readonly birth: bigint
}

/** Changes of more than so many bytes are written back without being asked for, oldest first. */
const WRITE_BACK_BYTES = 2 ** 25

/** Some bytes, and room to grow. */
class Image {
  size = 0
  #bytes = new Uint8Array(0)

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.size)
  }

  resize(size: number): void {
    if (size > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(size, this.#bytes.length * 2, 4096))
      larger.set(this.bytes)
      this.#bytes = larger
    }
    if (size < this.size) this.#bytes.fill(0, size, this.size)
    this.size = size
  }

  write(position: number, bytes: Uint8Array): void {
    if (position + bytes.length > this.size) this.resize(position + bytes.length)
    this.#bytes.set(bytes, position)
  }

  zero(position: number, length: number): void {
    if (position < this.size) {
      this.#bytes.fill(0, position, Math.min(this.size, position + length))
    }
  }

  copyOf(other: Image): void {
    this.resize(other.size)
    this.#bytes.set(other.bytes)
  }
}

/**
 * A file of the simulated disk: what programs see, as in the page cache; what is on the disk; and the
 * changes that are in the one and not in the other yet.
 *
 *   invariant:   visible == durable with all of `changes` applied, unless a sync has failed
 */
export class MemoryFile {
  readonly path: string
  readonly number: number
  /** Its name is on the disk: a sync has succeeded since it was made. */
  named = false
  /** Not subject to power cuts. */
  mode = 0o644
  uid: number = process.getuid?.() ?? 0
  gid: number = process.getgid?.() ?? 0
  readonly times: FileTimes
  readonly #clock: () => bigint
  readonly #sectorBytes: number
  readonly #visible = new Image()
  readonly #durable = new Image()
  #changes: Change[] = []
  #changedBytes = 0

  constructor(path: string, number: number, sectorBytes: number, clock: () => bigint) {
    this.path = path
    this.number = number
    this.#sectorBytes = sectorBytes
    this.#clock = clock
    const now = clock()
    this.times = { access: now, modification: now, change: now, birth: now }
  }

  get size(): number {
    return this.#visible.size
  }

  /** What programs read. */
  get bytes(): Uint8Array {
    return this.#visible.bytes
  }

  /** What would be there if no change since the last sync reached the disk. */
  get durableBytes(): Uint8Array {
    return this.#durable.bytes
  }

  /** It was read. As with relatime, that is kept only where it was changed since it was read last. */
  accessed(): void {
    const { times } = this
    const changed = times.access <= times.modification || times.access <= times.change
    if (changed) times.access = this.#clock()
  }

  /** Its mode, owner or times were set. */
  statusSet(): void {
    this.times.change = this.#clock()
  }

  write(position: number, bytes: Uint8Array): void {
    this.#visible.write(position, bytes)
    // A copy: the caller's memory is used again.
    this.#changed({ kind: 'write', position, bytes: bytes.slice() }, bytes.length)
  }

  zero(position: number, length: number): void {
    this.#visible.zero(position, length)
    this.#changed({ kind: 'zero', position, length }, 0)
  }

  resize(size: number): void {
    this.#visible.resize(size)
    this.#changed({ kind: 'size', size }, 0)
  }

  #changed(change: Change, byteLength: number): void {
    const now = this.#clock()
    this.times.modification = now
    this.times.change = now
    this.#changes.push(change)
    this.#changedBytes += byteLength
    if (this.#changedBytes > WRITE_BACK_BYTES) this.#writeBack(this.#changes.length >> 1)
  }

  /** fsync: all changes are on the disk, and so is the file's name. */
  sync(): void {
    this.#writeBack(this.#changes.length)
    this.named = true
  }

  #writeBack(count: number): void {
    for (const change of this.#changes.splice(0, count)) {
      if (change.kind === 'write') this.#changedBytes -= change.bytes.length
      apply(this.#durable, change)
    }
  }

  /**
   * A sync that failed, as Linux has it: some of the changes are on the disk, and the rest never will
   * be, though programs still read them and the next sync succeeds.
   */
  failSync(random: Random): void {
    for (const change of this.#changes) this.#fate(change, random)
    this.#forget()
  }

  /** A power cut: of the changes some are on the disk, whole or torn. Programs read what is there. */
  loseUnsynced(random: Random): void {
    this.failSync(random)
    this.#visible.copyOf(this.#durable)
  }

  #forget(): void {
    this.#changes = []
    this.#changedBytes = 0
  }

  /** On the disk, or not, or in part: each a third. A sector is whole or as it was before. */
  #fate(change: Change, random: Random): void {
    const fate = random.between(0, 2)
    if (fate === 0) return
    if (fate === 1 || change.kind === 'size') {
      apply(this.#durable, change)
      return
    }
    const length = change.kind === 'write' ? change.bytes.length : change.length
    const end = change.position + length
    const sector = this.#sectorBytes
    for (let from = change.position; from < end; ) {
      const to = Math.min(end, (Math.floor(from / sector) + 1) * sector)
      if (random.chance(0.5)) apply(this.#durable, part(change, from, to))
      from = to
    }
    // The new size can be there before the bytes: what is missing reads as zeros.
    if (change.kind === 'write' && end > this.#durable.size && random.chance(0.5)) {
      this.#durable.resize(end)
    }
  }
}

function apply(image: Image, change: Change): void {
  if (change.kind === 'write') image.write(change.position, change.bytes)
  else if (change.kind === 'zero') image.zero(change.position, change.length)
  else image.resize(change.size)
}

function part(change: Exclude<Change, { kind: 'size' }>, from: number, to: number): Change {
  if (change.kind === 'zero') return { kind: 'zero', position: from, length: to - from }
  const bytes = change.bytes.subarray(from - change.position, to - change.position)
  return { kind: 'write', position: from, bytes }
}
