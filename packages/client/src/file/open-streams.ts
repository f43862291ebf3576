/** A stream of a file, as its file ends it: without an error. */
export interface OpenStream {
  /** Ends it when what was written to it is in the file. */
  close(): void
  /** Ends it at once. */
  destroy(): unknown
}

/**
 * The streams of a file that still need it. As in node:fs they end when the file is closed, which waits
 * for what was written to them.
 *
 *   invariant:   a stream is held from its making until it ends, fails or is destroyed
 */
export class OpenStreams {
  readonly #streams = new Set<OpenStream>()
  #closing = false
  /** Waits for the last one to end; the file is being closed. */
  #whenNone: (() => void) | null = null

  get size(): number {
    return this.#streams.size
  }

  /** One that is made of a file that is closing has nothing to wait for: it fails. */
  add(stream: OpenStream): void {
    if (!this.#closing) this.#streams.add(stream)
  }

  delete(stream: OpenStream): void {
    this.#streams.delete(stream)
    this.#tell()
  }

  /** Ends them, and calls `whenNone` when no one needs the file any more: perhaps at once. */
  close(whenNone: () => void): void {
    this.#closing = true
    for (const stream of [...this.#streams]) stream.close()
    this.#whenNone = whenNone
    this.#tell()
  }

  /** Ends them at once; what was written to them and has not been posted is lost. */
  destroy(): void {
    this.#closing = true
    for (const stream of this.#streams) stream.destroy()
    this.#streams.clear()
  }

  #tell(): void {
    const whenNone = this.#whenNone
    if (whenNone === null || this.#streams.size > 0) return
    this.#whenNone = null
    whenNone()
  }
}
