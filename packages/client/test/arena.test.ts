// The arena against a model of it: blocks never overlap, never cross a segment, are aligned to their
// size and live until their last holder lets go; and what was given back can be had again.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Arena } from '#dist/memory/arena.js'
import { PAGE_BYTES, PAGE_SHIFT, segmentOf } from '#dist/protocol/index.js'

interface Block {
  readonly page: number
  readonly order: number
  holders: number
}

type Step =
  | { readonly kind: 'allocate'; readonly order: number }
  | { readonly kind: 'retain' | 'release'; readonly which: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('allocate'), order: fc.nat(10) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain'), which: fc.nat(1000) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('release'), which: fc.nat(1000) }) },
  ) as fc.Arbitrary<Step>,
  { minLength: 1, maxLength: 400 },
)

function assertSound(block: Block, others: readonly Block[], arena: Arena): void {
  const end = block.page + (1 << block.order)
  assert.ok(block.page >= 0 && end <= arena.pages, `block ${block.page} lies in the arena`)
  assert.equal(block.page % (1 << block.order), 0, `block ${block.page} is aligned to its size`)
  assert.equal(
    segmentOf(block.page << PAGE_SHIFT),
    segmentOf((end << PAGE_SHIFT) - 1),
    `block ${block.page} lies in one segment`,
  )
  for (const other of others) {
    const apart = other.page >= end || other.page + (1 << other.order) <= block.page
    assert.ok(apart, `blocks ${block.page} and ${other.page} overlap`)
  }
}

function run(arenaBytes: number, given: readonly Step[]): void {
  const arena = new Arena(arenaBytes)
  const blocks: Block[] = []
  for (const step of given) {
    if (step.kind === 'allocate') {
      const page = arena.allocate(step.order)
      if (page >= 0) {
        const block = { page, order: step.order, holders: 1 }
        assertSound(block, blocks, arena)
        blocks.push(block)
      }
    } else if (blocks.length > 0) {
      const index = step.which % blocks.length
      const block = blocks[index]!
      if (step.kind === 'retain') {
        arena.retain(block.page)
        block.holders++
      } else {
        const freed = arena.release(block.page)
        block.holders--
        assert.equal(freed, block.holders === 0)
        if (freed) blocks.splice(index, 1)
      }
    }
    const used = blocks.reduce((pages, { order }) => pages + (1 << order), 0)
    assert.equal(arena.freeBytes, (arena.pages - used) * PAGE_BYTES)
  }
  arena.assertInvariants()
  for (const { page, order } of blocks) {
    const start = page << PAGE_SHIFT
    const length = PAGE_BYTES << order
    assert.equal(arena.blockOf(start, length), page)
    assert.equal(arena.blockOf(start + length - 1, 1), page)
    assert.equal(arena.blockOf(start + 1, length), -1, 'one byte behind the end')
  }
  for (const block of blocks) for (; block.holders > 0; block.holders--) arena.release(block.page)
  arena.assertInvariants()
  assert.equal(arena.freeBytes, arenaBytes)
  // Nothing is lost to fragments: the largest block can be had again.
  assert.ok(arena.allocate(arena.maxOrder) >= 0)
}

describe('an arena', () => {
  for (const mebibytes of [1, 2, 4, 64]) {
    test(`of ${mebibytes} MiB does as its model does`, () => {
      fc.assert(
        fc.property(steps, (given) => run(mebibytes * 2 ** 20, given)),
        { numRuns: 150, verbose: 1 },
      )
    })
  }

  test('is on a page and never moves', () => {
    const arena = new Arena(2 ** 20)
    assert.equal(arena.buffer.growable, true)
    assert.equal(arena.bytes.length, 2 ** 20)
    assert.equal(arena.buffer.maxByteLength, 2 ** 20)
  })

  test('gives all of its pages away one by one, and all of them back', () => {
    const arena = new Arena(4 * 2 ** 20)
    const pages = new Set<number>()
    for (let page = arena.allocate(0); page >= 0; page = arena.allocate(0)) pages.add(page)
    assert.equal(pages.size, arena.pages)
    assert.equal(arena.freeBytes, 0)
    for (const page of pages) arena.release(page)
    arena.assertInvariants()
    assert.ok(arena.allocate(arena.maxOrder) >= 0)
  })

  test('knows the order of every length', () => {
    const arena = new Arena(2 ** 20)
    for (let order = 0; order < 19; order++) {
      const length = PAGE_BYTES * 2 ** order
      assert.equal(arena.orderFor(length), order)
      assert.equal(arena.orderFor(length + 1), order + 1)
    }
    assert.equal(arena.orderFor(1), 0)
  })

  test('has no block of an order that does not exist', () => {
    const arena = new Arena(2 ** 20)
    for (const order of [-1, arena.maxOrder + 1, 31, 100]) assert.equal(arena.allocate(order), -1)
  })

  test('tells a block that is released too often', () => {
    const arena = new Arena(2 ** 20)
    const page = arena.allocate(0)
    arena.release(page)
    assert.throws(() => arena.release(page), /more often than it was held/)
  })

  test('finds no block where none is in use', () => {
    const arena = new Arena(2 ** 20)
    assert.equal(arena.blockOf(0, 1), -1)
    const page = arena.allocate(2)
    arena.release(page)
    assert.equal(arena.blockOf(page << PAGE_SHIFT, 1), -1)
    assert.equal(arena.blockOf(2 ** 31, 1), -1)
  })

  test('has a size that segments can have', () => {
    for (const bytes of [0, 2 ** 20 - 1, 2 ** 31 + 1]) assert.throws(() => new Arena(bytes))
  })
})
