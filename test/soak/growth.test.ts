// The soak test's judgement: a leak is seen through noise, and noise alone is no leak.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from '../random/random.ts'
import { grows, growthOf, type Point } from './growth.ts'

/** Ten minutes in steps of two seconds: a saw tooth, noise, and a leak of so much in all. */
function series(seed: number, leak: number): Point[] {
  const random = new Random(seed, 0)
  return Array.from({ length: 300 }, (_, index) => ({
    seconds: index * 2,
    value: 200 + (index % 17) + random.below(10) + (leak * index) / 300,
  }))
}

test('a saw tooth and noise are no growth', () => {
  for (let seed = 0; seed < 200; seed++) {
    assert.equal(grows(growthOf(series(seed, 0))!, 8), false, `seed ${seed}`)
  }
})

test('a leak of twice what is allowed is growth', () => {
  for (let seed = 0; seed < 200; seed++) {
    assert.equal(grows(growthOf(series(seed, 20))!, 8), true, `seed ${seed}`)
  }
})

test('the line rises by what was leaked', () => {
  const { rise, error } = growthOf(series(1, 50))!
  assert.ok(Math.abs(rise - 50) < 5 && error < 3, `${rise} +- ${error}`)
})

test('a few points tell nothing', () => {
  assert.equal(growthOf(series(1, 50).slice(0, 9)), null)
})
