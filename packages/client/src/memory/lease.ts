/** What a lease calls when it is given back. */
export interface LeaseOwner {
  releaseLease(page: number): void
}

/**
 * A range of the client's arena, in use until released: a `Uint8Array` that begins on a page, so
 * I/O into it copies nothing and is ready for O_DIRECT. Release it with `release()` or `using`.
 * An operation in flight keeps the memory until it has completed, also when the lease is
 * released before. After the release the bytes belong to somebody else: do not touch them.
 */
export class Lease extends Uint8Array<SharedArrayBuffer> {
  /** Subarrays and copies are plain `Uint8Array`s: only the lease itself can be released. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array
  }

  #owner: LeaseOwner | null
  #page: number

  /** Made by `client.alloc(length)`. */
  constructor(
    buffer: SharedArrayBuffer,
    byteOffset: number,
    length: number,
    owner: LeaseOwner,
    page: number,
  ) {
    super(buffer, byteOffset, length)
    this.#owner = owner
    this.#page = page
  }

  /** True once the lease was given back. */
  get released(): boolean {
    return this.#owner === null
  }

  /** Gives the memory back; a second call does nothing. */
  release(): void {
    const owner = this.#owner
    if (owner === null) return
    this.#owner = null
    owner.releaseLease(this.#page)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}
