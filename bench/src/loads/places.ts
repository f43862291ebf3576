import { BLOCK_BYTES } from '../data/blocks.ts'

/** The part of the places that one thread has: lane `first` and the `count - 1` after it, of `all`. */
export interface Lanes {
  readonly first: number
  readonly count: number
  readonly all: number
}

/**
 * Draws where each operation of a thread goes. A place is as long as an operation, at least a block; the
 * first of each file is left out, since its first block tells whose file it is. Each lane, one operation
 * in flight, draws from places of its own: what is read is not written at the same moment.
 */
export class Places {
  /** The file and the first block of the place that was drawn last. */
  file = 0
  block = 0
  readonly #placesPerFile: number
  readonly #blocksPerPlace: number
  readonly #lanes: Lanes
  readonly #perLane: number
  readonly #sequential: boolean
  #next = 0
  #random: number

  constructor(files: number, size: number, bytes: number, sequential: boolean, lanes: Lanes) {
    const place = Math.max(bytes, BLOCK_BYTES)
    this.#placesPerFile = Math.floor(size / place) - 1
    this.#blocksPerPlace = place / BLOCK_BYTES
    this.#lanes = lanes
    this.#perLane = Math.floor((this.#placesPerFile * files) / lanes.all)
    this.#sequential = sequential
    this.#random = (Math.random() * 0x7fffffff) | 1
    if (this.#perLane < 1) throw new Error(tooSmall(lanes.all, bytes))
  }

  draw(lane: number): void {
    const { first, all } = this.#lanes
    const index = this.#sequential
      ? first * this.#perLane + this.#inOrder()
      : first + lane + all * (this.random() % this.#perLane)
    this.file = Math.floor(index / this.#placesPerFile)
    this.block = (1 + (index % this.#placesPerFile)) * this.#blocksPerPlace
  }

  /** One after the other, whichever lane asks; each thread in a part of its own. */
  #inOrder(): number {
    const next = this.#next
    this.#next = next + 1 < this.#perLane * this.#lanes.count ? next + 1 : 0
    return next
  }

  /** From 0 to 2^32 - 1 (xorshift32, as in all loads). */
  random(): number {
    let random = this.#random
    random ^= random << 13
    random ^= random >>> 17
    random ^= random << 5
    this.#random = random
    return random >>> 0
  }
}

function tooSmall(lanes: number, bytes: number): string {
  return `the files are too small for ${lanes} operations of ${bytes} bytes at a time, each in a place of its own`
}

/** Why a load does not fit into the files; null when it does. */
export function placesRefusal(
  files: number,
  size: number,
  bytes: number,
  lanes: number,
): string | null {
  const places = (Math.floor(size / Math.max(bytes, BLOCK_BYTES)) - 1) * files
  return places >= lanes ? null : tooSmall(lanes, bytes)
}
