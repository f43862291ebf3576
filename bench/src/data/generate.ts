import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { UserError } from '../user-error.ts'
import { BLOCK_BYTES, BlockBuffer, MismatchError, TEMPLATES } from './blocks.ts'

const CHUNK_BYTES = 2 ** 20

/**
 * Makes a file of self-describing blocks. What is there already is read, and only what is not as it
 * should be is written: so a run that was interrupted is taken up where it ended, and a block that
 * another one has left without its contents is mended. By node:fs and not by what is measured.
 *
 * `told` hears of the bytes that are right so far. Throws a UserError when the file holds something
 * else, which is left as it is.
 */
export async function generate(
  path: string,
  file: number,
  size: number,
  told: (bytes: number) => void,
): Promise<void> {
  const handle = await openOwn(path, file)
  try {
    const { size: existing } = await handle.stat()
    if (existing > size) await handle.truncate(size)
    const chunk = new BlockBuffer(Buffer.allocUnsafeSlow(CHUNK_BYTES))
    for (let at = 0; at < size; at += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, size - at)
      const blocks = length === CHUNK_BYTES ? chunk : new BlockBuffer(Buffer.alloc(length))
      const there = at + length <= existing && (await isRight(handle, blocks, file, at))
      if (!there) await write(handle, blocks, file, at)
      told(length)
    }
    await handle.sync()
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`cannot make ${path}: ${(error as Error).message}`, 1)
  } finally {
    await handle.close()
  }
}

async function isRight(handle: FileHandle, blocks: BlockBuffer, file: number, at: number) {
  await handle.read(blocks.bytes, 0, blocks.bytes.length, at)
  try {
    blocks.verify(file, at / BLOCK_BYTES)
    return true
  } catch (error) {
    if (error instanceof MismatchError) return false
    throw error
  }
}

async function write(handle: FileHandle, blocks: BlockBuffer, file: number, at: number) {
  blocks.fill((at / CHUNK_BYTES) % TEMPLATES)
  blocks.make(file, at / BLOCK_BYTES)
  await handle.write(blocks.bytes, 0, blocks.bytes.length, at)
}

/** Opens a file that is new, empty, or ours: its first block tells, which no case writes. */
async function openOwn(path: string, file: number): Promise<FileHandle> {
  let handle: FileHandle
  try {
    const { O_RDWR, O_CREAT, O_NONBLOCK } = fs.constants
    // A pipe or a device must not hold us up before we can see that it is one.
    handle = await fs.promises.open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o600)
  } catch (error) {
    throw new UserError(`--file cannot be used: ${(error as Error).message}`, 2)
  }
  const stat = await handle.stat()
  if (stat.isFile() && stat.size === 0) return handle
  const begin = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  if (stat.isFile() && (await isRight(handle, begin, file, 0))) return handle
  await handle.close()
  const fault = stat.isFile()
    ? 'holds data that the benchmarks did not write'
    : 'is no regular file'
  throw new UserError(`--file ${path} ${fault}`, 2)
}
