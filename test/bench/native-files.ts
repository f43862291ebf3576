// Files for the peer in C, and what it is told to do with them.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import type { NativeOptions } from '@uring-actor/bench/native-peer.js'
import { temporaryDirectory } from '../support/temporary.ts'
import { BLOCK, describedBlock } from './described-block.ts'

export const FILE_BYTES: number = 4 * 2 ** 20
export const SMALL_BYTES: number = 16 * BLOCK

/** Two files of valid blocks. */
export function makeFiles(bytes: number = FILE_BYTES): string[] {
  const directory = temporaryDirectory()
  return [0, 1].map((id) => {
    const file = path.join(directory, `blocks-${id}`)
    const blocks = Array.from({ length: bytes / BLOCK }, (_, block) =>
      describedBlock(id, block, (block * 7 + id) % 16),
    )
    writeFileSync(file, Buffer.concat(blocks))
    return file
  })
}

export function optionsFor(
  files: readonly string[],
  options: Partial<NativeOptions> = {},
): NativeOptions {
  return {
    mode: 'pread',
    operation: 'read',
    threads: 1,
    seconds: 0.2,
    warmUpSeconds: 0.05,
    direct: false,
    blockBytes: BLOCK,
    fileBytes: FILE_BYTES,
    files,
    ...options,
  }
}
