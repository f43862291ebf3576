// A file of bytes: one lane's own, no two operations at once on the same bytes. So it is replayed.
import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { bytesOf } from './content.ts'
import type { Findings } from './findings.ts'
import { nameOf, type Operation } from './history.ts'
import { checkCount } from './results.ts'

const READ = 1
const WRITE = 2
const TRIM = 3
const ALLOCATE = 7
const TRUNCATE = 8

export class ByteFile {
  readonly #id: number
  readonly #path: string
  readonly #findings: Findings
  #bytes: Buffer
  #size: number

  constructor(id: number, path: string, size: number, findings: Findings) {
    this.#id = id
    this.#path = path
    this.#findings = findings
    this.#bytes = Buffer.alloc(1 << 18)
    this.#size = size
  }

  /** Takes the next operation in the order of the settlements. */
  settled(operation: Operation): void {
    const { kind, code, position, length, count, stopped } = operation
    checkCount(operation, this.#size, this.#findings)
    if (code !== 0 || stopped) return
    if (kind === READ) this.#read(operation)
    else if (kind === WRITE) {
      this.#grow(position + count)
      const { writer, version } = operation
      bytesOf(this.#id, writer, version, count).copy(this.#bytes, position)
    } else if (kind === TRIM) {
      this.#bytes.fill(0, position, Math.min(position + length, this.#size))
    } else if (kind === ALLOCATE) {
      this.#grow(position + length)
    } else if (kind === TRUNCATE) {
      this.#grow(position)
      this.#bytes.fill(0, position, this.#size)
      this.#size = position
    }
  }

  #grow(size: number): void {
    this.#size = Math.max(this.#size, size)
    if (this.#size <= this.#bytes.length) return
    this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#size)])
  }

  #read(operation: Operation): void {
    const { position, count, checksum } = operation
    const expected = crc32(this.#bytes.subarray(position, position + count)) | 0
    if (checksum !== expected) {
      const what = `read other bytes than were written, ${count} at ${position}`
      this.#findings.add('wrong bytes', `${nameOf(operation)} ${what} of file ${this.#id}`)
    }
  }

  /** Holds the file as it is now against what it must be. */
  checkContents(): void {
    const found = readFileSync(this.#path)
    const expected = this.#bytes.subarray(0, this.#size)
    if (found.equals(expected)) return
    let at = 0
    while (at < found.length && found[at] === expected[at]) at++
    const sizes = `${found.length} bytes, expected ${this.#size}`
    this.#findings.add('wrong contents', `file ${this.#id} (${sizes}) differs from byte ${at}`)
  }
}
