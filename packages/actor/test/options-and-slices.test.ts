// Options become sizes, slices follow what the kernel takes, and looking for work is bounded.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SpinBudget } from '@uring-actor/client/protocol'
import fc from 'fast-check'
import { SliceSize } from '#dist/loop/slice.js'
import { resolveOptions } from '#dist/spawn/options.js'

describe('options', () => {
  test('have defaults that are the documented ones', () => {
    const { queueDepth, maxClients, channelDepth, arenaBytes, maxFiles, spinMicros } =
      resolveOptions(undefined)
    assert.deepEqual(
      { queueDepth, maxClients, channelDepth, arenaBytes, maxFiles, spinMicros },
      {
        queueDepth: 1024,
        maxClients: 64,
        channelDepth: 1024,
        arenaBytes: 64 * 2 ** 20,
        maxFiles: 4096,
        spinMicros: 300,
      },
    )
    assert.deepEqual(resolveOptions({}), resolveOptions(undefined))
    assert.deepEqual(resolveOptions({ queueDepth: undefined as never }), resolveOptions({}))
  })

  test('are rounded up to powers of two', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16384 }), (depth) => {
        const { channelDepth, queueDepth } = resolveOptions({
          channelDepth: depth,
          queueDepth: depth,
        })
        for (const rounded of [channelDepth, queueDepth]) {
          assert.equal(rounded & (rounded - 1), 0)
          assert.ok(rounded >= depth && rounded < 2 * depth)
        }
      }),
    )
    assert.equal(resolveOptions({ arenaBytes: 2 ** 31 }).arenaBytes, 2 ** 31)
    assert.equal(resolveOptions({ arenaBytes: 2 ** 20 + 1 }).arenaBytes, 2 ** 21)
  })
})

describe('the size of a slice', () => {
  test('stays within its bounds whatever is measured', () => {
    const measure = fc.tuple(
      fc.integer({ min: 1, max: 1024 }),
      fc.nat(2048),
      fc.double({ min: 0, max: 1e7, noNaN: true }),
      fc.nat(4096),
    )
    fc.assert(
      fc.property(fc.array(measure, { maxLength: 100 }), (measures) => {
        const slice = new SliceSize()
        for (const [submitted, completed, micros, inFlight] of measures) {
          slice.measured(submitted, completed, micros, inFlight)
          assert.ok(Number.isInteger(slice.size) && slice.size >= 4 && slice.size <= 64)
        }
      }),
    )
  })

  test('falls for requests that take long inside of the call, and grows for quick ones', () => {
    const slow = new SliceSize()
    const quick = new SliceSize()
    for (let count = 0; count < 100; count++) {
      slow.measured(8, 8, 80, 8)
      quick.measured(8, 8, 1, 8)
    }
    assert.ok(slow.size < quick.size / 4, `${slow.size} and ${quick.size}`)
  })
})

describe('the time to look for work', () => {
  test('lies between nothing and the most', () => {
    const act = fc.constantFrom('found', 'found late', 'missed', 'slept short', 'slept long')
    fc.assert(
      fc.property(fc.nat(10_000), fc.array(act), (most, acts) => {
        const budget = new SpinBudget(most)
        for (const next of acts) {
          if (next === 'found') budget.found(1, 0.1)
          else if (next === 'found late') budget.found(1, 30)
          else if (next === 'missed') budget.missed()
          else budget.slept(next === 'slept short' ? most : 10 * most + 1)
          assert.ok(budget.micros >= 0 && budget.micros <= most)
        }
      }),
    )
  })

  test('falls to nothing when it is in vain, and comes back after a short sleep', () => {
    const budget = new SpinBudget(50)
    assert.equal(budget.micros, 50)
    for (let look = 0; look < 10; look++) budget.missed()
    assert.equal(budget.micros, 0)
    budget.slept(1000)
    assert.equal(budget.micros, 0)
    budget.slept(60)
    assert.equal(budget.micros, 50)
  })

  test('falls by what is found when the processor comes back from somebody else', () => {
    const budget = new SpinBudget(400)
    budget.found(10, 0.5)
    assert.equal(budget.micros, 400)
    budget.found(10, 9)
    assert.equal(budget.micros, 200)
    budget.found(401, 0.5)
    assert.equal(budget.micros, 100)
    budget.found(10, 0.5)
    assert.equal(budget.micros, 200)
  })

  test('does not fall by a pause that an interrupt may take, where an interrupt brings what is looked for', () => {
    const budget = new SpinBudget(400, 60)
    budget.found(10, 60)
    assert.equal(budget.micros, 400)
    budget.found(10, 61)
    assert.equal(budget.micros, 200)
  })

  test('is never anything when it may not be', () => {
    const budget = new SpinBudget(0)
    budget.found(1, 0.1)
    budget.slept(0)
    assert.equal(budget.micros, 0)
  })
})
