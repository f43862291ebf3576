import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BLOCK_BYTES } from './meter.ts'
import { formatSize } from './sizes.ts'
import { UserError } from './user-error.ts'

/** How a file of ours begins: no other is overwritten. */
const HEADER = 'uring-actor bench file: made by the benchmarks, safe to delete\n'
const CHUNK_BYTES = 2 ** 20

/** The file that all cases work on: a block of header, then blocks that all have been written. */
export class BenchFile {
  readonly path: string
  readonly size: number
  readonly #remove: () => void

  /** At `path`, which is kept; or in a temporary folder, which is not. */
  constructor(path: string | undefined, size: number) {
    this.size = size
    if (path === undefined) {
      const folder = makeFolder()
      this.#remove = () => fs.rmSync(folder, { recursive: true, force: true })
      this.path = `${folder}/blocks`
    } else {
      this.#remove = () => {}
      this.path = path
    }
    // Whatever happens: an uncaught error ends the process through here too.
    process.once('exit', this.#remove)
    this.#fill()
  }

  /** A second call does nothing. */
  remove(): void {
    this.#remove()
  }

  /** Reads all of it; returns the share that the page cache then holds, null when unknown. */
  warm(): number | null {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    const descriptor = fs.openSync(this.path, 'r')
    try {
      // What earlier cases have written must not be written back while the next one is measured.
      fs.fsyncSync(descriptor)
      for (let at = 0; at < this.size; at += chunk.length) {
        fs.readSync(descriptor, chunk, 0, chunk.length, at)
      }
    } finally {
      fs.closeSync(descriptor)
    }
    const { status, stdout } = spawnSync(
      'fincore',
      ['--bytes', '--noheadings', '--output', 'RES', this.path],
      { encoding: 'utf8' },
    )
    return status === 0 ? Number(stdout) / this.size : null
  }

  /** Writes back what is dirty and takes it out of the page cache. */
  cool(): void {
    const { status, stderr, error } = spawnSync(
      'dd',
      [`of=${this.path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'],
      { encoding: 'utf8' },
    )
    if (status === 0) return
    throw new UserError(`dd could not empty the page cache: ${error?.message ?? stderr.trim()}`, 1)
  }

  #fill(): void {
    const descriptor = openOwn(this.path)
    try {
      if (fs.fstatSync(descriptor).size === this.size) return
      fs.ftruncateSync(descriptor, 0)
      assertRoom(this.path, this.size)
      const chunk = Buffer.alloc(CHUNK_BYTES, 'uring-actor ')
      chunk.write(HEADER)
      for (let at = 0; at < this.size; at += chunk.length) {
        const length = Math.min(chunk.length, this.size - at)
        fs.writeSync(descriptor, chunk, 0, length, at)
        if (at === 0) chunk.fill('uring-actor ', 0, BLOCK_BYTES)
      }
      fs.fsyncSync(descriptor)
    } catch (error) {
      if (error instanceof UserError) throw error
      throw new UserError(`cannot make ${this.path}: ${(error as Error).message}`, 1)
    } finally {
      fs.closeSync(descriptor)
    }
  }
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

/** Opens a file that is new, empty, or ours. */
function openOwn(path: string): number {
  let descriptor: number
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants
    // A pipe or a device must not hold us up before we can see that it is one.
    descriptor = fs.openSync(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600)
  } catch (error) {
    throw new UserError(`--file cannot be used: ${(error as Error).message}`, 2)
  }
  const stat = fs.fstatSync(descriptor)
  const begin = Buffer.alloc(HEADER.length)
  if (stat.isFile()) fs.readSync(descriptor, begin, 0, begin.length, 0)
  if (stat.isFile() && (stat.size === 0 || begin.toString('latin1') === HEADER)) return descriptor
  fs.closeSync(descriptor)
  const fault = stat.isFile()
    ? 'holds data that the benchmarks did not write'
    : 'is no regular file'
  throw new UserError(`--file ${path} ${fault}`, 2)
}

/** Better said before the disk is full than after. */
function assertRoom(file: string, size: number): void {
  const { bavail, bsize, blocks } = fs.statfsSync(path.dirname(file))
  // Some filesystems do not know, and say 0 of 0.
  if (blocks === 0 || bavail * bsize >= size) return
  throw new UserError(
    `the disk is too full: ${path.dirname(file)} has ${formatSize(bavail * bsize)} free, the ` +
      `benchmarks need ${formatSize(size)}; take a smaller --size, or another disk with --file`,
    1,
  )
}
