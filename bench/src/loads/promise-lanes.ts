import { BLOCK_BYTES, type BlockBuffer } from '../data/blocks.ts'
import { type Load, MIXED_TRIMS, MIXED_WRITES } from './load.ts'
import type { Places } from './places.ts'
import type { Span } from './span.ts'

/** What our files and node:fs's FileHandle have in common. */
export interface PromiseFile {
  read(
    bytes: Uint8Array,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  write(
    bytes: Uint8Array,
    at: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>
}

/** What they do not have in common. */
export interface Differing<F> {
  /** As `write`, and what is written is there after a power cut. */
  durable(file: F, bytes: Uint8Array, position: number): Promise<{ readonly bytesWritten: number }>
  trim(file: F, position: number): Promise<void>
}

/**
 * Keeps operations of files that return promises in flight: one in each lane. Each lane is one loop and
 * no function that a step is handed to: its promise would be measured with every operation.
 */
export class PromiseLanes<F extends PromiseFile> {
  readonly #load: Load
  readonly #files: readonly F[]
  readonly #buffers: readonly BlockBuffer[]
  readonly #places: Places
  readonly #differing: Differing<F>

  constructor(
    load: Load,
    files: readonly F[],
    buffers: readonly BlockBuffer[],
    places: Places,
    differing: Differing<F>,
  ) {
    this.#load = load
    this.#files = files
    this.#buffers = buffers
    this.#places = places
    this.#differing = differing
  }

  run = async (span: Span): Promise<void> => {
    const kinds = {
      read: this.#read,
      write: this.#write,
      durable: this.#write,
      mixed: this.#mixed,
    }
    const keepUp = kinds[this.#load.operation]
    await Promise.all(this.#buffers.map((buffer, index) => keepUp.call(this, span, index, buffer)))
  }

  async #read(span: Span, lane: number, buffer: BlockBuffer): Promise<void> {
    const { bytes: length } = this.#load
    let began = performance.now()
    while (began < span.end) {
      this.#places.draw(lane)
      const { file, block } = this.#places
      const position = block * BLOCK_BYTES
      const { bytesRead } = await this.#files[file]!.read(buffer.bytes, 0, length, position)
      assertMoved(bytesRead, length)
      buffer.verify(file, block)
      began = span.done(began)
    }
  }

  async #write(span: Span, lane: number, buffer: BlockBuffer): Promise<void> {
    const { bytes: length, operation } = this.#load
    const durable = operation === 'durable'
    let began = performance.now()
    while (began < span.end) {
      this.#places.draw(lane)
      const { file, block } = this.#places
      buffer.make(file, block)
      const position = block * BLOCK_BYTES
      const target = this.#files[file]!
      const { bytesWritten } = await (durable
        ? this.#differing.durable(target, buffer.bytes, position)
        : target.write(buffer.bytes, 0, length, position))
      assertMoved(bytesWritten, length)
      began = span.done(began)
    }
  }

  /** What is trimmed is written again, so that all that is read is a block: two operations. */
  async #mixed(span: Span, lane: number, buffer: BlockBuffer): Promise<void> {
    const { bytes: length } = this.#load
    let began = performance.now()
    while (began < span.end) {
      this.#places.draw(lane)
      const { file: index, block } = this.#places
      const chance = this.#places.random() % 100
      const file = this.#files[index]!
      const position = block * BLOCK_BYTES
      if (chance < MIXED_TRIMS) {
        await this.#differing.trim(file, position)
        began = span.done(began)
      }
      if (chance < MIXED_TRIMS + MIXED_WRITES) {
        // Any template makes a valid block, and the check is made anew: so the contents of the block that was
        // read here last may stay, and nothing has to be copied.
        buffer.make(index, block)
        assertMoved((await file.write(buffer.bytes, 0, length, position)).bytesWritten, length)
      } else {
        assertMoved((await file.read(buffer.bytes, 0, length, position)).bytesRead, length)
        buffer.verify(index, block)
      }
      began = span.done(began)
    }
  }
}

export function assertMoved(moved: number, length: number): void {
  if (moved !== length) throw new Error(`an operation moved ${moved} of ${length} bytes`)
}
