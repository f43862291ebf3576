// The blocks of the benchmarks' files by their description alone (bench/src/data/blocks.ts), with arithmetic
// that shares nothing with either implementation.

export const BLOCK = 4096
const PRIME = 16777619n
const LOW = 0xffffffffn

/** A template: the block's bytes without its own words, and the check of its body. */
interface Template {
  readonly bytes: Buffer
  readonly check: bigint
}

const TEMPLATES = Array.from({ length: 16 }, (_, template) => templateOf(template))

function templateOf(template: number): Template {
  const bytes = Buffer.alloc(BLOCK)
  let random = (0x9e3779b9n * BigInt(template + 1)) & LOW
  let check = 0x811c9dc5n
  for (let at = 20; at < 4092; at += 4) {
    random ^= (random << 13n) & LOW
    random ^= random >> 17n
    random ^= (random << 5n) & LOW
    bytes.writeUInt32LE(Number(random), at)
    check = ((check ^ random) * PRIME) & LOW
  }
  bytes.write('UAB1', 0, 'latin1')
  bytes.writeUInt32LE(template, 12)
  return { bytes, check }
}

export function describedBlock(file: number, number: number, template: number): Buffer {
  const { bytes, check: ofBody } = TEMPLATES[template]!
  const block = Buffer.from(bytes)
  let check = ofBody
  for (const word of [file, number, template]) check = ((check ^ BigInt(word)) * PRIME) & LOW
  block.writeUInt32LE(file, 4)
  block.writeUInt32LE(number, 8)
  block.writeUInt32LE(Number(check), 16)
  block.writeUInt32LE(number, 4092)
  return block
}
