import { FILE_KIND_OTHER } from '../protocol/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'
import type { FileHandleState } from './handle.ts'
import type { ReadResult } from './transfer.ts'

/** Bytes that are read before they are asked for, at most; one chunk's at least. */
const MOST_AHEAD_BYTES = 256 * 1024
/** And so many reads: each takes memory, and a place in the channel, however short it is. */
const MOST_AHEAD_READS = 32

/** What is read from. */
export interface ReadFrom {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number | null,
    options?: CallOptions,
  ): Promise<ReadResult<Buffer>>
}

export interface ReadRange {
  /** Bytes of a chunk. */
  readonly chunk: number
  /** The first byte; null: the file's own position. */
  readonly start: number | null
  /** Bytes to read, at most; may be infinite. */
  readonly length: number
}

interface Begun {
  readonly position: number | null
  readonly count: number
  readonly result: Promise<ReadResult<Buffer>>
}

/**
 * The bytes of a file in their order, a chunk at a time. While they are being used the next ones are
 * read: more of them the longer it goes on, so that who wants the first chunk only does not pay for
 * others.
 *
 *   invariant:   the reads in line follow one another:   position(k + 1) = position(k) + count(k)
 *                bytes in line <= max(chunk, MOST_AHEAD_BYTES),   reads in line <= MOST_AHEAD_READS
 */
export class ReadAhead {
  readonly #file: ReadFrom
  readonly #chunk: number
  readonly #bounds: CallOptions | undefined
  readonly #most: number
  readonly #direct: boolean
  /** Where the next read begins, and how much may still be read. */
  #position: number | null
  #left: number
  /** Reads that are under way or done, and nobody has asked for. */
  #line: Begun[] = []
  #depth = 1

  constructor(file: ReadFrom, state: FileHandleState, range: ReadRange, bounds?: CallOptions) {
    this.#file = file
    this.#chunk = range.chunk
    this.#position = range.start
    this.#left = range.length
    this.#bounds = bounds
    this.#direct = state.direct
    // Nothing is taken from a pipe or a terminal that may not be wanted any more.
    const canAhead = state.kind !== FILE_KIND_OTHER
    const fitting = Math.max(1, Math.floor(MOST_AHEAD_BYTES / range.chunk))
    this.#most = canAhead ? Math.min(fitting, MOST_AHEAD_READS) : 0
  }

  /** The next bytes, or null at the end of the file or of the range. One call at a time. */
  async next(): Promise<Buffer | null> {
    for (;;) {
      const ahead = this.#line.shift()
      const read = ahead ?? this.#begin()
      if (read === null) return null
      this.#fillLine()
      const { bytesRead, buffer } = await read.result
      if (bytesRead === read.count) {
        this.#depth = Math.min(this.#depth * 2, this.#most + 1)
        return buffer
      }
      this.#endedEarly(read, bytesRead)
      if (bytesRead > 0) return buffer.subarray(0, bytesRead)
      if (ahead === undefined) return null
      // There was nothing when that was read: perhaps there is by now.
    }
  }

  #fillLine(): void {
    while (this.#line.length < this.#depth - 1) {
      const ahead = this.#begin()
      if (ahead === null) return
      this.#line.push(ahead)
    }
  }

  #begin(): Begun | null {
    const count = Math.min(this.#chunk, this.#left)
    if (count === 0) return null
    const position = this.#position
    const buffer = Buffer.allocUnsafeSlow(count)
    const result = this.#file.read(buffer, 0, count, position, this.#bounds)
    // A failure is told to whoever asks for these bytes; perhaps nobody does.
    result.catch(ignore)
    if (position !== null) this.#position = position + count
    this.#left -= count
    return { position, count, result }
  }

  /**
   * The file ended within a read. What was read beyond may have been written since, so it is read
   * anew if anybody asks; at the file's own position it follows this read all the same.
   */
  #endedEarly({ position, count }: Begun, bytesRead: number): void {
    this.#left += count - bytesRead
    this.#depth = 1
    if (this.#direct) {
      // There is no aligned read from where it ended.
      this.#line = []
      this.#left = 0
    } else if (position !== null) {
      for (const ahead of this.#line) this.#left += ahead.count
      this.#line = []
      this.#position = position + bytesRead
    }
  }
}

function ignore(): void {}
