import type { NativeBinding } from '@uring-actor/native'
import type { OpenFile } from './file-table.ts'

/**
 * Files whose page cache their client reads itself: offered under a name that only the client knows,
 * and withdrawn before their descriptor is closed, for its number may be another file's right after.
 */
export class OfferedFiles {
  readonly #binding: NativeBinding | null

  /** `binding` is null where nothing is to be offered. */
  constructor(binding: NativeBinding | null) {
    this.#binding = binding
  }

  /** Whether the client may read this file; only regular ones, and through the page cache. */
  offer(file: OpenFile, owner: number): boolean {
    const binding = this.#binding
    if (binding === null || !file.isCached) return false
    file.offered = binding.offerFile(file.slot, file.generation, owner, file.fd)
    return file.offered
  }

  /** Calls `done` when nobody reads the file any more: at once, unless its client is just doing it. */
  withdraw(file: OpenFile, done: () => void): void {
    if (!file.offered || (this.#binding as NativeBinding).withdrawFile(file.slot)) done()
    else setImmediate(() => this.withdraw(file, done))
  }
}
