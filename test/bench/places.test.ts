// Where the loads of the benchmarks go: every place of every file but the first, each from one lane only.
import assert from 'node:assert/strict'
import test from 'node:test'
import { Places, placesRefusal } from '@uring-actor/bench/loads/places.js'

const FILES = 3
const SIZE = 2 ** 20
const BLOCKS = SIZE / 4096

/** Draws long enough to have seen every place; tells which lane drew which. */
function drawn(bytes: number, sequential: boolean, draws: number): Map<string, Set<number>> {
  const lanes = new Map<string, Set<number>>()
  for (let thread = 0; thread < 2; thread++) {
    const part = { first: thread * 4, count: 4, all: 8 }
    const places = new Places(FILES, SIZE, bytes, sequential, part)
    for (let draw = 0; draw < draws; draw++) {
      const lane = draw % 4
      places.draw(lane)
      const place = `${places.file}:${places.block}`
      const seen = lanes.get(place) ?? new Set()
      lanes.set(place, seen.add(sequential ? thread : part.first + lane))
    }
  }
  return lanes
}

for (const [bytes, blocks] of [
  [512, 1],
  [4096, 1],
  [131072, 32],
] as const) {
  const places = (BLOCKS / blocks - 1) * FILES

  test(`random places of ${bytes} bytes are all drawn, each by one lane`, () => {
    const lanes = drawn(bytes, false, 40_000)
    assert.equal(lanes.size, places - (places % 8))
    for (const [place, seen] of lanes) assert.equal(seen.size, 1, place)
  })

  test(`places of ${bytes} bytes in order are all drawn, each by one thread`, () => {
    const lanes = drawn(bytes, true, Math.floor(places / 8) * 4)
    assert.equal(lanes.size, places - (places % 8))
    for (const [place, seen] of lanes) assert.equal(seen.size, 1, place)
  })

  test(`places of ${bytes} bytes lie within a file, and not at its beginning`, () => {
    for (const place of drawn(bytes, false, 10_000).keys()) {
      const [file, block] = place.split(':').map(Number) as [number, number]
      assert.ok(file >= 0 && file < FILES)
      assert.ok(block >= blocks && block % blocks === 0 && block + blocks <= BLOCKS, place)
    }
  })
}

test('places in order follow one another', () => {
  const places = new Places(2, SIZE, 4096, true, { first: 0, count: 1, all: 1 })
  for (let file = 0; file < 2; file++) {
    for (let block = 1; block < BLOCKS; block++) {
      places.draw(0)
      assert.deepEqual([places.file, places.block], [file, block])
    }
  }
  places.draw(0)
  assert.deepEqual([places.file, places.block], [0, 1])
})

test('files that are too small for all lanes are refused', () => {
  assert.equal(placesRefusal(1, SIZE, 4096, BLOCKS - 1), null)
  assert.match(placesRefusal(1, SIZE, 4096, BLOCKS)!, /too small for 256 operations of 4096 bytes/)
})
