// Greedy and polite clients side by side: who has posted all that a channel holds gets no more turns than
// who has posted a few, until those are served.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHANNEL_REQUEST_TAIL,
  HEADER_DIRTY,
  OPERATION_NOP,
  REQUEST_OPERATION,
  REQUEST_WORDS,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import { Random } from './hostile/random.ts'
import { CAPACITY, World } from './hostile/world.ts'

const POLITE = 4
const QUANTUM = 16

test('greedy clients do not take the turns of polite ones', async () => {
  const world = new World(new Random(1))
  const loop = world.makeLoop()
  const posted = [CAPACITY, POLITE, CAPACITY, POLITE, POLITE]
  for (const count of posted) {
    const member = world.newMember()
    const slot = world.connect(member)
    for (let request = 0; request < count; request++) {
      member.words[REQUESTS_WORD + request * REQUEST_WORDS + REQUEST_OPERATION] = OPERATION_NOP
    }
    Atomics.store(member.words, CHANNEL_REQUEST_TAIL, count)
    Atomics.or(world.header, HEADER_DIRTY, 1 << slot)
  }
  loop.wake()
  const all = posted.reduce((sum, count) => sum + count, 0)
  for (let turn = 0; turn < 1000 && world.served.length < all; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  loop.stop()
  const { served } = world
  assert.equal(served.length, all, 'all are served')
  // When the last polite request is taken, each greedy client has had one turn more at most.
  const polite = served.map((slot) => posted[slot] === POLITE).lastIndexOf(true)
  for (const greedy of [0, 2]) {
    const had = served.slice(0, polite).filter((slot) => slot === greedy).length
    assert.ok(
      had <= 2 * QUANTUM && had < CAPACITY,
      `${had} of a greedy client before the polite ones`,
    )
  }
})
