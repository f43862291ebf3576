// The benchmarks' blocks tell what they are: whatever byte of one is wrong, reading it is noticed, and so
// is a block of another place or file. They are made once more from their description, by other means.
import assert from 'node:assert/strict'
import test from 'node:test'
import { BLOCK_BYTES, BlockBuffer, TEMPLATES } from '@uring-actor/bench/data/blocks.js'
import { describedBlock } from './described-block.ts'

test('a block is made as it is described', () => {
  for (let template = 0; template < TEMPLATES; template++) {
    const buffer = new BlockBuffer(Buffer.alloc(2 * BLOCK_BYTES))
    buffer.fill(template)
    buffer.make(3, 0xfffffff0)
    const expected = [
      describedBlock(3, 0xfffffff0, template),
      describedBlock(3, 0xfffffff1, (template + 1) % TEMPLATES),
    ]
    assert.deepEqual(Buffer.from(buffer.bytes), Buffer.concat(expected))
    buffer.verify(3, 0xfffffff0)
  }
})

test('any byte that is wrong is noticed', () => {
  const bytes = describedBlock(1, 77, 5)
  const buffer = new BlockBuffer(bytes)
  for (let at = 0; at < BLOCK_BYTES; at++) {
    bytes[at]! ^= 1 << (at % 8)
    assert.throws(() => buffer.verify(1, 77), { name: 'MismatchError' }, `byte ${at}`)
    bytes[at]! ^= 1 << (at % 8)
  }
  buffer.verify(1, 77)
})

test('a block of another place, of another file, and zeros are named', () => {
  const buffer = new BlockBuffer(describedBlock(1, 77, 5))
  assert.throws(() => buffer.verify(1, 78), /block 78 of file 1 .* it is block 77 of file 1/)
  assert.throws(() => buffer.verify(0, 77), /block 77 of file 0 .* it is block 77 of file 1/)
  const zeros = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  assert.throws(() => zeros.verify(0, 9), /block 9 of file 0 .* it holds zeros/)
})

test('the fault is found in any of several blocks', () => {
  const bytes = Buffer.concat([0, 1, 2].map((block) => describedBlock(0, 4 + block, block)))
  const buffer = new BlockBuffer(bytes)
  buffer.verify(0, 4)
  bytes[2 * BLOCK_BYTES + 2000]! ^= 1
  assert.throws(() => buffer.verify(0, 4), /block 6 of file 0 .* its contents are wrong/)
})

for (const length of [512, 1024, 2048]) {
  test(`of the first ${length} bytes of a block all are looked at`, () => {
    const bytes = Buffer.from(describedBlock(2, 9, 1).subarray(0, length))
    const buffer = new BlockBuffer(bytes)
    buffer.verify(2, 9)
    for (let at = 0; at < length; at++) {
      bytes[at]! ^= 0x80
      assert.throws(() => buffer.verify(2, 9), { name: 'MismatchError' }, `byte ${at}`)
      bytes[at]! ^= 0x80
    }
  })
}
