// What the clients write, as FORMAT.md has it. The checker has its own of this.
import { crc32 } from 'node:zlib'

export const BLOCK_BYTES = 4096
export const BLOCK_WORDS = 1024
const MAGIC = 0x52494e47
const BODY = 5
const CHECKSUM = 1023
const CHECKED_BYTES = 4092
const ZEROS_CHECKSUM = crc32(new Uint8Array(CHECKED_BYTES)) | 0

/** Some memory as bytes and as words: its length is a multiple of four. */
export interface Memory {
  readonly bytes: Uint8Array
  readonly words: Int32Array
}

export function memoryOf(bytes: Uint8Array): Memory {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
  return { bytes, words }
}

function sequence(a: number, b: number, c: number, d: number): number {
  let h = 0x9e3779b9 | 0
  h = Math.imul(h ^ a, 0x85ebca6b)
  h ^= h >>> 15
  h = Math.imul(h ^ b, 0x85ebca6b)
  h ^= h >>> 15
  h = Math.imul(h ^ c, 0x85ebca6b)
  h ^= h >>> 15
  h = Math.imul(h ^ d, 0x85ebca6b)
  return h ^ (h >>> 15)
}

function fill(words: Int32Array, from: number, to: number, first: number): void {
  let h = first
  for (let at = from; at < to; at++) {
    h = (Math.imul(h, 1664525) + 1013904223) | 0
    words[at] = h
  }
}

function checksumAt(bytes: Uint8Array, index: number): number {
  const from = index * BLOCK_BYTES
  return crc32(bytes.subarray(from, from + CHECKED_BYTES)) | 0
}

/** Makes block `index` of the memory the block that this writer writes there. */
export function seal(
  { bytes, words }: Memory,
  index: number,
  file: number,
  block: number,
  writer: number,
  version: number,
): void {
  const at = index * BLOCK_WORDS
  words[at] = MAGIC
  words[at + 1] = file
  words[at + 2] = block
  words[at + 3] = writer
  words[at + 4] = version
  fill(words, at + BODY, at + CHECKSUM, sequence(file, block, writer, version))
  words[at + CHECKSUM] = checksumAt(bytes, index)
}

export type BlockState = 'sealed' | 'zeros' | 'other'

/** What block `index` of the memory is, when it was read from that place. */
export function stateOf(memory: Memory, index: number, file: number, block: number): BlockState {
  const { bytes, words } = memory
  const at = index * BLOCK_WORDS
  const checksum = checksumAt(bytes, index)
  if (words[at] === 0 && words[at + CHECKSUM] === 0 && checksum === ZEROS_CHECKSUM) return 'zeros'
  const right =
    words[at] === MAGIC &&
    words[at + 1] === file &&
    words[at + 2] === block &&
    words[at + CHECKSUM] === checksum
  return right ? 'sealed' : 'other'
}

/** Writer, version and checksum of a sealed block. */
export function identityOf({ words }: Memory, index: number): readonly [number, number, number] {
  const at = index * BLOCK_WORDS
  return [words[at + 3]!, words[at + 4]!, words[at + CHECKSUM]!]
}

/** Fills memory as a write to a file of bytes has it. */
export function fillBytes(memory: Memory, file: number, writer: number, version: number): void {
  fill(memory.words, 0, memory.words.length, sequence(file, -1, writer, version))
}

export function checksumOf(bytes: Uint8Array): number {
  return crc32(bytes) | 0
}
