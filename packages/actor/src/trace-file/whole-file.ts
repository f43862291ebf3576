import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { invalidPath } from './trace-order.ts'

/** A trace names every file that the process works on: others are let see it by whoever owns it. */
const OWNER_ONLY = 0o600

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
  static async begin(given: string): Promise<WholeFile> {
    const found = await stat(given).catch(() => null)
    if (found !== null && !found.isFile()) throw invalidPath(given)
    const path = await behindLinks(given)
    const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
    const file = new WholeFile(path, temporary, await open(temporary, 'wx', OWNER_ONLY))
    if (found !== null) await file.#takeAfter(found)
    return file
  }

  /** Has the owner and the mode of the file that it will replace. */
  async #takeAfter({ uid, gid, mode }: Stats): Promise<void> {
    try {
      const own = await this.#handle.stat()
      // Only root may give a file away. What stays with us has the mode nevertheless.
      if (own.uid !== uid || own.gid !== gid) await this.#handle.chown(uid, gid).catch(() => {})
      await this.#handle.chmod(mode & 0o777)
    } catch (error) {
      await this.discard()
      throw error
    }
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

/** The file that a path leads to, there or not yet: a rename would replace the link. */
async function behindLinks(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const target = await readlink(path).catch(() => null)
  if (target === null) return path
  return behindLinks(resolve(await realpath(dirname(path)), target))
}
