// What a write must have written, as ../FORMAT.md has it. Shares nothing with the clients' own.
import { crc32 } from 'node:zlib'

export const BLOCK_BYTES = 4096
const MAGIC = 0x52494e47

/** The sequence of four numbers, so many words of it. */
function* sequence(numbers: readonly number[], count: number): Generator<number> {
  let h = 0x9e3779b9
  for (const number of numbers) {
    h = Math.imul(h ^ number, 0x85ebca6b)
    h ^= h >>> 15
  }
  for (let index = 0; index < count; index++) {
    h = (Math.imul(h, 1664525) + 1013904223) | 0
    yield h
  }
}

/** The block that this write wrote there. */
export function blockOf(file: number, block: number, writer: number, version: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES)
  let at = 0
  const put = (word: number): void => {
    at = bytes.writeInt32LE(word, at)
  }
  for (const word of [MAGIC, file, block, writer, version]) put(word)
  for (const word of sequence([file, block, writer, version], 1018)) put(word)
  put(crc32(bytes.subarray(0, at)) | 0)
  return bytes
}

/** The bytes of a write to a file of bytes. */
export function bytesOf(file: number, writer: number, version: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(length / 4) * 4)
  let at = 0
  for (const word of sequence([file, -1, writer, version], bytes.length / 4)) {
    at = bytes.writeInt32LE(word, at)
  }
  return bytes.subarray(0, length)
}

/** The last word of a block: the checksum of the rest. */
export function checksumIn(block: Buffer): number {
  return block.readInt32LE(BLOCK_BYTES - 4)
}
