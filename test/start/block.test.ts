// The main job's check of a block finds every kind of damage, and says what it is.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

/** start/src/block.ts: a program of the workspace, not a package to import from. */
interface BlockModule {
  BLOCK_BYTES: number
  BLOCK_WORDS: number
  seal(words: Int32Array, at: number, number: number, version: number): void
  verify(words: Int32Array, at: number, number: number, version: number): boolean
  explain(words: Int32Array, at: number, number: number, version: number): string
}

const module = new URL('../../../start/dist/block.js', import.meta.url)
const { BLOCK_BYTES, BLOCK_WORDS, seal, verify, explain } = (await import(
  module.href
)) as BlockModule

const AT = BLOCK_WORDS
const NUMBERS = [0, 1, 4711, 2 ** 31, 2 ** 32 + 5]

function sealed(number: number, version: number): Int32Array {
  const words = new Int32Array(3 * BLOCK_WORDS)
  seal(words, AT, number, version)
  return words
}

describe('a block', () => {
  test('verifies as what it was sealed as, and as nothing else', () => {
    for (const number of NUMBERS) {
      for (const version of [1, 2, 2 ** 31 + 1, 2 ** 32 - 1]) {
        const words = sealed(number, version)
        assert.ok(verify(words, AT, number, version))
        assert.ok(!verify(words, AT, number, version === 1 ? 2 : version - 1))
        assert.ok(!verify(words, AT, number + 1, version))
        assert.ok(!verify(words, AT, number + 2 ** 32, version))
        assert.ok(!verify(words, AT, number, 0))
      }
    }
  })

  test('touches no memory but its own', () => {
    const words = sealed(3, 3)
    assert.ok(words.subarray(0, AT).every((word) => word === 0))
    assert.ok(words.subarray(AT + BLOCK_WORDS).every((word) => word === 0))
  })

  test('shows every single wrong bit', () => {
    const words = sealed(4711, 9)
    const bytes = new Uint8Array(words.buffer)
    for (let bit = 0; bit < BLOCK_BYTES * 8; bit++) {
      const byte = AT * 4 + (bit >> 3)
      bytes[byte] = bytes[byte]! ^ (1 << (bit & 7))
      assert.ok(!verify(words, AT, 4711, 9), `bit ${bit}`)
      bytes[byte] = bytes[byte]! ^ (1 << (bit & 7))
    }
    assert.ok(verify(words, AT, 4711, 9))
  })

  test('shows a write that was torn in any place', () => {
    for (let cut = 1; cut < BLOCK_WORDS; cut++) {
      const words = sealed(17, 2)
      words.set(sealed(17, 1).subarray(AT + cut, AT + BLOCK_WORDS), AT + cut)
      assert.ok(!verify(words, AT, 17, 2), `torn at word ${cut}`)
      // Up to the version's word the old block is still whole.
      assert.equal(verify(words, AT, 17, 1), cut <= 3, `torn at word ${cut}`)
    }
  })

  test('is all zeros when it was trimmed', () => {
    const words = new Int32Array(3 * BLOCK_WORDS)
    words.fill(-1, 0, AT)
    words.fill(-1, AT + BLOCK_WORDS)
    assert.ok(verify(words, AT, 5, 0))
    for (let word = AT; word < AT + BLOCK_WORDS; word++) {
      words[word] = 0x10000
      assert.ok(!verify(words, AT, 5, 0), `word ${word}`)
      words[word] = 0
    }
  })

  test('says in words what is wrong with it', () => {
    assert.equal(explain(sealed(7, 2), AT, 7, 3), 'should hold version 3, holds version 2')
    assert.equal(
      explain(sealed(7, 2), AT, 8, 3),
      'should hold version 3, holds version 2 of block 7',
    )
    assert.equal(
      explain(sealed(7, 2), AT, 7, 0),
      'should hold zeros (it was trimmed), holds version 2',
    )
    assert.equal(
      explain(new Int32Array(3 * BLOCK_WORDS), AT, 7, 3),
      'should hold version 3, holds zeros',
    )
    const words = sealed(7, 3)
    const bytes = new Uint8Array(words.buffer, AT * 4, BLOCK_BYTES)
    const was = bytes[100]!
    bytes[100] = was ^ 0xff
    const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`
    assert.equal(
      explain(words, AT, 7, 3),
      'should hold version 3; 1 of its bytes differs, the first at 100: ' +
        `${hex(was ^ 0xff)} instead of ${hex(was)}`,
    )
  })
})
