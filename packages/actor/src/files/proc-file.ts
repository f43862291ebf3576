import { closeSync, openSync, readSync } from 'node:fs'

/** A file of /proc that is read again and again: it stays open. */
export class ProcFile {
  readonly #path: string
  readonly #text: Buffer
  #fd = -1

  /** `characters`: it never has more. */
  constructor(path: string, characters: number) {
    this.#path = path
    this.#text = Buffer.allocUnsafeSlow(characters)
  }

  /** What it says now; '' where there is no /proc, or no right to look there. */
  read(): string {
    try {
      if (this.#fd < 0) this.#fd = openSync(this.#path, 'r')
      const length = readSync(this.#fd, this.#text, 0, this.#text.length, 0)
      return this.#text.toString('latin1', 0, length)
    } catch {
      return ''
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = -1
  }
}
