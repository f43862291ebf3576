import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { formatSize } from '../sizes.ts'
import { UserError } from '../user-error.ts'
import { BLOCK_BYTES } from './blocks.ts'
import { generate } from './generate.ts'

export interface FilesOptions {
  /** Path of the first file; those after it have `.1`, `.2` … behind. Undefined: temporary ones. */
  readonly path: string | undefined
  readonly count: number
  /** Bytes of each, a multiple of a block. */
  readonly size: number
}

/** The least that one of many has. */
const SIZE_LEAST = 16 * BLOCK_BYTES

/** The files of self-describing blocks (blocks.ts) that all cases work on; a file's id is its index. */
export class BenchFiles {
  readonly paths: readonly string[]
  readonly size: number
  readonly #remove: () => void
  #scratch: string | null = null

  /** Makes sure that they may be used, and that there is room; `prepare` then makes them. */
  constructor({ path: given, count, size }: FilesOptions, made: string | null = null) {
    this.size = size
    const folder = given === undefined ? makeFolder() : made
    const first = given ?? `${folder}/blocks`
    this.#remove = () => {
      for (const own of [folder, this.#scratch]) {
        if (own !== null) fs.rmSync(own, { recursive: true, force: true })
      }
    }
    // Whatever happens: an uncaught error ends the process through here too.
    process.once('exit', this.#remove)
    this.paths = Array.from({ length: count }, (_, file) =>
      file === 0 ? first : `${first}.${file}`,
    )
    assertRoom(this.paths, size)
  }

  /** Makes what is not there yet, and mends what is not as it should be. `told` hears of the bytes. */
  async prepare(told: (bytes: number) => void): Promise<void> {
    for (const [file, path] of this.paths.entries()) await generate(path, file, this.size, told)
  }

  /** As many bytes as one of these has, in so many other files beside them; to be removed. */
  parts(count: number): BenchFiles {
    const size = Math.max(SIZE_LEAST, Math.floor(this.size / count / BLOCK_BYTES) * BLOCK_BYTES)
    const folder = fs.mkdtempSync(`${this.paths[0]}.parts-`)
    return new BenchFiles({ path: `${folder}/blocks`, count, size }, folder)
  }

  /** An empty folder beside them, for what cases make; it is removed with these, or by itself. */
  makeScratch(): string {
    try {
      this.#scratch ??= fs.mkdtempSync(`${this.paths[0]}.scratch-`)
      return this.#scratch
    } catch (error) {
      throw new UserError(`--file cannot be used: ${(error as Error).message}`, 2)
    }
  }

  /** Temporary ones only, and what was made beside them; a second call does nothing. */
  remove(): void {
    process.removeListener('exit', this.#remove)
    this.#remove()
  }

  /** Reads all of it; returns the share that the page cache then holds, null when unknown. */
  warm(): number | null {
    const chunk = Buffer.allocUnsafe(2 ** 20)
    for (const path of this.paths) {
      const descriptor = fs.openSync(path, 'r')
      try {
        // What earlier cases have written must not be written back while the next one is measured.
        fs.fsyncSync(descriptor)
        for (let at = 0; at < this.size; at += chunk.length) {
          fs.readSync(descriptor, chunk, 0, chunk.length, at)
        }
      } finally {
        fs.closeSync(descriptor)
      }
    }
    return this.#cachedShare()
  }

  /**
   * Makes the first file anew, block by block, so that the page cache holds it in single blocks, as a
   * program does that wrote them. What read-ahead brings is in large folios instead, and there a
   * write of one block takes ext4 several times as long.
   */
  rewrite(): void {
    const [path] = this.paths as [string]
    const made = `${this.makeScratch()}/rewritten`
    const chunk = Buffer.allocUnsafe(2 ** 20)
    const [from, to] = [fs.openSync(path, 'r'), fs.openSync(made, 'w')]
    try {
      for (let at = 0; at < this.size; at += chunk.length) {
        const read = fs.readSync(from, chunk, 0, chunk.length, at)
        for (let block = 0; block < read; block += BLOCK_BYTES) {
          fs.writeSync(to, chunk, block, Math.min(BLOCK_BYTES, read - block))
        }
      }
      fs.fsyncSync(to)
      fs.renameSync(made, path)
    } finally {
      fs.closeSync(from)
      fs.closeSync(to)
    }
  }

  /** The share that the page cache holds of all files, null when unknown. */
  #cachedShare(): number | null {
    const options = ['--bytes', '--noheadings', '--output', 'RES']
    const { status, stdout } = spawnSync('fincore', [...options, ...this.paths], {
      encoding: 'utf8',
    })
    if (status !== 0) return null
    const held = stdout.trim().split(/\s+/).map(Number)
    return held.reduce((sum, bytes) => sum + bytes, 0) / (this.size * this.paths.length)
  }

  /** Writes back what is dirty and takes it out of the page cache (posix_fadvise, DONTNEED). */
  cool(): void {
    for (const path of this.paths) dropCache(path)
  }
}

/** Writes back what is dirty of a file and takes it out of the page cache. */
export function dropCache(path: string): void {
  const { status, stderr, error } = spawnSync(
    'dd',
    [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'],
    { encoding: 'utf8' },
  )
  if (status === 0) return
  throw new UserError(`dd could not empty the page cache: ${error?.message ?? stderr.trim()}`, 1)
}

function makeFolder(): string {
  try {
    return fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-bench-'))
  } catch (error) {
    throw new UserError(
      `no temporary folder can be made: ${(error as Error).message}; set TMPDIR, or name a --file`,
      1,
    )
  }
}

/** Better said before the disk is full than after. */
function assertRoom(paths: readonly string[], size: number): void {
  const folder = path.dirname(paths[0]!)
  let needed = 0
  let free: number
  try {
    for (const file of paths) {
      const there = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
      needed += Math.max(0, size - there)
    }
    const { bavail, bsize, blocks } = fs.statfsSync(folder)
    // Some filesystems do not know, and say 0 of 0.
    free = blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize
  } catch (error) {
    throw new UserError(`--file cannot be used: ${(error as Error).message}`, 2)
  }
  if (free >= needed) return
  throw new UserError(
    `the disk is too full: ${folder} has ${formatSize(free)} free, the benchmarks need ` +
      `${formatSize(needed)}; take a smaller --size, fewer --files, or another disk with --file`,
    1,
  )
}
