import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { invalidPath } from './trace-order.ts'

/**
 * A file that is there whole, or not at all: written under a name of its own beside the path, and
 * renamed at the end. Errors are those of node:fs.
 */
export class WholeFile {
  readonly path: string
  readonly #temporary: string
  readonly #handle: FileHandle

  private constructor(path: string, temporary: string, handle: FileHandle) {
    this.path = path
    this.#temporary = temporary
    this.#handle = handle
  }

  /** Begins to write a file. What cannot be replaced in the end is refused now. */
  static async begin(path: string): Promise<WholeFile> {
    const found = await stat(path).catch(() => null)
    if (found !== null && !found.isFile()) throw invalidPath(path)
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    return new WholeFile(path, temporary, await open(temporary, 'wx'))
  }

  async write(text: string): Promise<void> {
    await this.#handle.writeFile(text)
  }

  /** All is written: the file gets its name. */
  async keep(): Promise<void> {
    await this.#handle.close()
    await rename(this.#temporary, this.path)
  }

  /** Leaves nothing behind. Does not reject: there is an error already that led here. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    await rm(this.#temporary, { force: true }).catch(() => {})
  }
}
