import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { BLOCK_BYTES } from './block.ts'
import type { Options } from './options.ts'
import { formatSize } from './sizes.ts'
import { UserError } from './user-error.ts'

/** How a file of ours begins: nothing else is overwritten without being told to. */
const HEADER = 'uring-actor workload file: made by the main job, safe to delete\n'

/** The file the job works on: one block of header, then the numbered blocks. */
export interface WorkloadFile {
  readonly path: string
  /** Its folder is ours, and goes when the job ends. */
  readonly temporary: boolean
  readonly blocks: number
  /** Removes what is temporary; a second call does nothing. */
  remove(): void
}

/** First byte of a block. */
export function positionOf(block: number): number {
  return (block + 1) * BLOCK_BYTES
}

/** Makes the file, or empties the one that is there, and gives it its size. */
export function prepareFile(options: Options): WorkloadFile {
  const { file, size } = options
  const blocks = size / BLOCK_BYTES - 1
  if (file !== undefined) {
    writeEmpty(file, size, options.force)
    return { path: file, temporary: false, blocks, remove: () => {} }
  }
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-'))
  const remove = () => fs.rmSync(folder, { recursive: true, force: true })
  // Whatever else happens: an uncaught error ends the process through here too.
  process.once('exit', remove)
  const temporary = path.join(folder, 'blocks')
  writeEmpty(temporary, size, false)
  return { path: temporary, temporary: true, blocks, remove }
}

/** Turns one bit of a block's content round, behind everybody's back. */
export function damage(file: WorkloadFile, block: number): void {
  const descriptor = fs.openSync(file.path, 'r+')
  try {
    const byte = Buffer.alloc(1)
    const position = positionOf(block) + BLOCK_BYTES / 2
    fs.readSync(descriptor, byte, 0, 1, position)
    byte[0] = byte[0]! ^ 1
    fs.writeSync(descriptor, byte, 0, 1, position)
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

function writeEmpty(file: string, size: number, force: boolean): void {
  const made = !fs.existsSync(file)
  const descriptor = openOwn(file, force)
  try {
    assertRoom(file, fs.fstatSync(descriptor).blocks * 512, size)
    fs.ftruncateSync(descriptor, 0)
    const header = Buffer.alloc(BLOCK_BYTES)
    header.write(HEADER)
    fs.writeSync(descriptor, header, 0, BLOCK_BYTES, 0)
    fs.ftruncateSync(descriptor, size)
  } catch (error) {
    // Behind a link, it is the file that was made.
    if (made) fs.rmSync(fs.realpathSync(file), { force: true })
    if (error instanceof UserError) throw error
    throw new UserError(`cannot make ${file}: ${(error as Error).message}`, 1)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Opens a file that is new, empty, or ours. */
function openOwn(file: string, force: boolean): number {
  let descriptor: number
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants
    // A pipe or a device must not hold us up before we can see that it is one.
    descriptor = fs.openSync(file, O_RDWR | O_CREAT | O_NONBLOCK, 0o600)
  } catch (error) {
    throw new UserError(`--file cannot be used: ${(error as Error).message}`, 2)
  }
  const stat = fs.fstatSync(descriptor)
  let refusal = ''
  if (!stat.isFile()) refusal = 'is not a regular file'
  else if (stat.size > 0 && !force && !isOurs(descriptor)) {
    refusal =
      'holds data that this program did not write; name another file, or add --force to lose it'
  }
  if (refusal === '') return descriptor
  fs.closeSync(descriptor)
  throw new UserError(`--file ${file} ${refusal}`, 2)
}

function isOurs(descriptor: number): boolean {
  const begin = Buffer.alloc(HEADER.length)
  fs.readSync(descriptor, begin, 0, begin.length, 0)
  return begin.toString('latin1') === HEADER
}

/**
 * Better said before the disk is full than after, and before the file is emptied: of that one, what it
 * occupies is free.
 */
function assertRoom(file: string, occupied: number, size: number): void {
  const { bavail, bsize, blocks } = fs.statfsSync(path.dirname(file))
  const free = bavail * bsize + occupied
  // Some filesystems do not know, and say 0 of 0.
  if (blocks === 0 || free >= size) return
  throw new UserError(
    `the disk is too full: ${path.dirname(file)} has ${formatSize(free)} free, the job needs ` +
      `${formatSize(size)}; take a smaller --size, or another disk with --file`,
    1,
  )
}
