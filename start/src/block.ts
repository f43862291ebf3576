/**
 * A block of the workload says itself what it should be, so that every read can be verified:
 *
 *   word   0      1           2            3        4 … 1022                  1023
 *         |magic |number low |number high |version |drawn from number, version|checksum|
 *
 * Version 0 stands for a block that was trimmed: 4 KiB of zeros. Words are 32-bit, as the machine
 * has them; `at` is the index of a block's first word in a larger piece of memory.
 */
export const BLOCK_BYTES = 4096
export const BLOCK_WORDS: number = BLOCK_BYTES / 4

const MAGIC = 0x75524e47
const CHECKSUM_WORD = BLOCK_WORDS - 1
const BODY_WORD = 4
const PRIME = 0x01000193
const STEP = 0x9e3779b1

/** Writes block `number` in its `version` (not 0). */
export function seal(words: Int32Array, at: number, number: number, version: number): void {
  const low = number | 0
  words[at] = MAGIC
  words[at + 1] = low
  words[at + 2] = Math.floor(number / 2 ** 32)
  words[at + 3] = version
  let drawn = Math.imul(low ^ Math.imul(version, PRIME), STEP)
  for (let index = at + BODY_WORD; index < at + CHECKSUM_WORD; index++) {
    drawn = (drawn + STEP) | 0
    words[index] = drawn ^ (drawn >>> 15)
  }
  words[at + CHECKSUM_WORD] = checksum(words, at)
}

/** True when the memory holds exactly block `number` in `version`; zeros for version 0. */
export function verify(words: Int32Array, at: number, number: number, version: number): boolean {
  if (version === 0) return isZero(words, at)
  return (
    words[at] === MAGIC &&
    words[at + 1] === (number | 0) &&
    words[at + 2] === Math.floor(number / 2 ** 32) &&
    words[at + 3] === (version | 0) &&
    words[at + CHECKSUM_WORD] === checksum(words, at)
  )
}

/**
 * Over all words but the last. Each step can be undone, so a change of any one word always shows.
 * Four sums side by side: a multiplication need not wait for the one before it.
 */
function checksum(words: Int32Array, at: number): number {
  let a = 1
  let b = 2
  let c = 3
  let d = 4
  const end = at + BLOCK_WORDS - 4
  for (let index = at; index < end; index += 4) {
    a = Math.imul(a ^ words[index]!, PRIME)
    b = Math.imul(b ^ words[index + 1]!, PRIME)
    c = Math.imul(c ^ words[index + 2]!, PRIME)
    d = Math.imul(d ^ words[index + 3]!, PRIME)
  }
  a = Math.imul(a ^ words[end]!, PRIME)
  b = Math.imul(b ^ words[end + 1]!, PRIME)
  c = Math.imul(c ^ words[end + 2]!, PRIME)
  const sum = Math.imul(Math.imul(Math.imul(a, STEP) ^ b, STEP) ^ c, STEP) ^ d
  return sum ^ (sum >>> 16)
}

function isZero(words: Int32Array, at: number): boolean {
  let seen = 0
  for (let index = at; index < at + BLOCK_WORDS; index += 4) {
    seen |= words[index]! | words[index + 1]! | words[index + 2]! | words[index + 3]!
  }
  return seen === 0
}

/** Says in words how the memory differs from what it should hold. For blocks that did not verify. */
export function explain(words: Int32Array, at: number, number: number, version: number): string {
  const expected = new Int32Array(BLOCK_WORDS)
  if (version !== 0) seal(expected, 0, number, version)
  const should = version === 0 ? 'zeros (it was trimmed)' : `version ${version}`
  if (version !== 0 && isZero(words, at)) return `should hold ${should}, holds zeros`
  if (words[at] === MAGIC && words[at + CHECKSUM_WORD] === checksum(words, at)) {
    const found = (words[at + 2]! >>> 0) * 2 ** 32 + (words[at + 1]! >>> 0)
    const foundVersion = words[at + 3]! >>> 0
    const other = found === number ? '' : ` of block ${found}`
    return `should hold ${should}, holds version ${foundVersion}${other}`
  }
  const wanted = new Uint8Array(expected.buffer)
  const got = new Uint8Array(words.buffer, words.byteOffset + at * 4, BLOCK_BYTES)
  const first = wanted.findIndex((byte, index) => byte !== got[index])
  const count = wanted.reduce((sum, byte, index) => sum + (byte === got[index] ? 0 : 1), 0)
  return (
    `should hold ${should}; ${count} of its bytes ${count === 1 ? 'differs' : 'differ'}, ` +
    `the first at ${first}: ${hex(got[first]!)} instead of ${hex(wanted[first]!)}`
  )
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
