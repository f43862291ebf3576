import {
  ARENA_BYTES_MAX,
  ARENA_BYTES_MIN,
  FIRST_SEGMENT_BYTES,
  PAGE_BYTES,
  PAGE_SHIFT,
  sharedPages,
} from '../protocol/index.ts'

const FIRST_SEGMENT_ORDER = Math.log2(FIRST_SEGMENT_BYTES / PAGE_BYTES)

/** Block map: a page that begins no block. */
const NO_BLOCK = 0
/** Block map: bit that tells a free block from an allocated one; the rest is order + 1. */
const FREE_BIT = 0x80

/**
 * The memory that a client's I/O goes through: page-aligned, at an address that never changes,
 * allocated by one thread and without locks. A buddy allocator that joins free blocks only when it
 * runs out, so that a block of the usual size costs one pop and one push.
 *
 * Every page belongs to exactly one block, free or allocated:
 *
 *   invariant:   Σ size(free blocks) + Σ size(allocated blocks) == pages
 *   invariant:   start(block) mod size(block) == 0, and no block crosses a segment
 *
 * An allocated block has holders: its lease, and each operation in flight on it. It is free again
 * when the last one lets go, so memory under a request outlives whatever its caller does.
 */
export class Arena {
  readonly buffer: SharedArrayBuffer
  /** The whole arena. Its length is fixed: a length-tracking view would be many times slower. */
  readonly bytes: Uint8Array
  readonly pages: number
  /** Highest order that can ever be allocated; its size is that of the last segment. */
  readonly maxOrder: number
  #freeByOrder: number[][]
  #blocks: Uint8Array
  #holders: Uint32Array
  #freePages: number

  constructor(byteLength: number) {
    if (byteLength < ARENA_BYTES_MIN || byteLength > ARENA_BYTES_MAX) {
      throw new RangeError(`arena of ${byteLength} bytes`)
    }
    this.buffer = sharedPages(byteLength)
    this.bytes = new Uint8Array(this.buffer, 0, byteLength)
    this.pages = byteLength >> PAGE_SHIFT
    this.maxOrder = Math.max(FIRST_SEGMENT_ORDER, Math.log2(this.pages) - 1)
    this.#freeByOrder = Array.from({ length: this.maxOrder + 1 }, () => [])
    this.#blocks = new Uint8Array(this.pages)
    this.#holders = new Uint32Array(this.pages)
    this.#freePages = this.pages
    this.#carve(0, this.pages)
    for (const list of this.#freeByOrder) list.reverse()
  }

  /** Bytes not in any block that is in use. */
  get freeBytes(): number {
    return this.#freePages * PAGE_BYTES
  }

  /** Bytes of the largest block that can exist. */
  get maxBlockBytes(): number {
    return PAGE_BYTES << this.maxOrder
  }

  /** Order of the smallest block that holds so many bytes (>= 1). */
  orderFor(byteLength: number): number {
    return byteLength <= PAGE_BYTES ? 0 : 32 - Math.clz32((byteLength - 1) >>> PAGE_SHIFT)
  }

  /** Allocates a block with one holder; returns its first page, or -1 when none is free. */
  allocate(order: number): number {
    const list = this.#freeByOrder[order]
    if (list === undefined) return -1
    const page = list.length > 0 ? (list.pop() as number) : this.#split(order)
    if (page < 0) return -1
    this.#blocks[page] = order + 1
    this.#holders[page] = 1
    this.#freePages -= 1 << order
    return page
  }

  /** As `allocate`, of any order between two, the largest there is. */
  allocateWithin(least: number, most: number): number {
    for (let order = most; order >= least; order--) {
      const page = this.allocate(order)
      if (page >= 0) return page
    }
    return -1
  }

  /** Bytes of an allocated block. */
  bytesOf(page: number): number {
    return PAGE_BYTES << (this.#blocks[page] - 1)
  }

  /** One more holder of an allocated block. */
  retain(page: number): void {
    this.#holders[page] = this.#holders[page] + 1
  }

  /** One holder fewer; true when that freed the block. */
  release(page: number): boolean {
    const left = this.#holders[page] - 1
    if (left < 0) throw new Error(`block at page ${page} released more often than it was held`)
    this.#holders[page] = left
    if (left > 0) return false
    const order = this.#blocks[page] - 1
    this.#blocks[page] = FREE_BIT | (order + 1)
    this.#freeByOrder[order].push(page)
    this.#freePages += 1 << order
    return true
  }

  /**
   * First page of the allocated block that holds bytes [offset, offset + length), or -1 when they
   * are not all in one allocated block.
   */
  blockOf(offset: number, length: number): number {
    const page = offset >>> PAGE_SHIFT
    for (let order = 0; order <= this.maxOrder; order++) {
      const start = page & -(1 << order)
      const entry = this.#blocks[start]
      if (entry === NO_BLOCK) continue
      if (entry & FREE_BIT) return -1
      const end = (start << PAGE_SHIFT) + (PAGE_BYTES << (entry - 1))
      return offset + length <= end && page - start < 1 << (entry - 1) ? start : -1
    }
    return -1
  }

  /** Checks the first invariant; tests call it after every few steps. */
  assertInvariants(): void {
    let free = 0
    for (let page = 0; page < this.pages; ) {
      const entry = this.#blocks[page]
      const order = (entry & ~FREE_BIT) - 1
      if (order < 0 || page % (1 << order) !== 0) throw new Error(`no block begins at page ${page}`)
      if (entry & FREE_BIT) free += 1 << order
      page += 1 << order
    }
    if (free !== this.#freePages) throw new Error(`${free} pages free, counted ${this.#freePages}`)
  }

  /** Takes a block from a higher order and halves it until it fits. */
  #split(order: number): number {
    let from = this.#higherOrderWithFree(order)
    if (from < 0) {
      this.#coalesce()
      if (this.#freeByOrder[order].length > 0) return this.#freeByOrder[order].pop() as number
      from = this.#higherOrderWithFree(order)
      if (from < 0) return -1
    }
    const page = this.#freeByOrder[from].pop() as number
    while (from > order) {
      from--
      this.#addFree(page + (1 << from), from)
    }
    return page
  }

  #higherOrderWithFree(order: number): number {
    for (let higher = order + 1; higher <= this.maxOrder; higher++) {
      if (this.#freeByOrder[higher].length > 0) return higher
    }
    return -1
  }

  /** Joins all neighbouring free blocks, by walking the block map from the first page. */
  #coalesce(): void {
    for (const list of this.#freeByOrder) list.length = 0
    let runStart = -1
    for (let page = 0; page < this.pages; ) {
      const entry = this.#blocks[page]
      const size = 1 << ((entry & ~FREE_BIT) - 1)
      if (entry & FREE_BIT) {
        this.#blocks[page] = NO_BLOCK
        if (runStart < 0) runStart = page
      } else if (runStart >= 0) {
        this.#carve(runStart, page)
        runStart = -1
      }
      page += size
    }
    if (runStart >= 0) this.#carve(runStart, this.pages)
    for (const list of this.#freeByOrder) list.reverse()
  }

  /** Cuts the free pages [from, to) into the largest aligned blocks. */
  #carve(from: number, to: number): void {
    for (let page = from; page < to; ) {
      // Page 0 is aligned to everything; every other alignment ends at a segment by itself.
      let order = page === 0 ? FIRST_SEGMENT_ORDER : 31 - Math.clz32(page & -page)
      while (page + (1 << order) > to) order--
      this.#addFree(page, order)
      page += 1 << order
    }
  }

  #addFree(page: number, order: number): void {
    this.#blocks[page] = FREE_BIT | (order + 1)
    this.#freeByOrder[order].push(page)
  }
}
