// What the actor does while operations are in flight: it looks for the answers of devices while they are few,
// and sleeps in the kernel at once where looking would be in somebody's way, or is not worth it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CROWDED_FULLY,
  CROWDED_NOT,
  CROWDED_SLIGHTLY,
  HEADER_BYTES,
  HEADER_DIRTY,
  HEADER_STATE,
  nowMicros,
  STATE_BLOCKED,
  STATE_RUNNING,
  wordsOf,
} from '@uring-actor/client/protocol'
import type { Engine } from '#dist/engine/engine.js'
import type { FileCalls } from '#dist/files/file-calls.js'
import type { Crowding } from '#dist/loop/crowding.js'
import { Sleep } from '#dist/loop/sleep.js'

/** So long that no look ends by itself. */
const FOREVER = 5_000_000

/** An engine that says what is in flight, and has completions after it was asked so often. */
class World {
  inFlight = 1
  workers = false
  answersAfter = Number.POSITIVE_INFINITY
  asked = 0
  blocked = 0
  readonly header = wordsOf(new SharedArrayBuffer(HEADER_BYTES))
  readonly crowding = { level: CROWDED_NOT }
  readonly sleep: Sleep

  constructor(spinMicros: number) {
    const world = this
    const engine = {
      canBlock: true,
      get inFlight(): number {
        return world.inFlight
      },
      hasWorkers: () => world.workers,
      hasWork: () => ++world.asked > world.answersAfter,
      block: () => {
        world.blocked++
        assert.equal(Atomics.load(world.header, HEADER_STATE), STATE_BLOCKED)
      },
    }
    const parts = {
      engine: engine as unknown as Engine,
      metadata: { pending: 0 } as unknown as FileCalls,
      header: this.header,
      crowding: this.crowding as unknown as Crowding,
      maxClients: 32,
    }
    this.sleep = new Sleep(parts, spinMicros, () => assert.fail('it does not park'))
  }

  idle(): void {
    const now = nowMicros()
    assert.equal(this.sleep.idle(now), true, 'the loop goes on')
    assert.equal(Atomics.load(this.header, HEADER_STATE), STATE_RUNNING)
  }
}

for (const inFlight of [1, 2, 3, 4]) {
  test(`it looks for the answers of devices with ${inFlight} in flight`, () => {
    const world = new World(FOREVER)
    world.inFlight = inFlight
    world.answersAfter = 1000
    world.idle()
    assert.deepEqual([world.asked, world.blocked], [1001, 0])
    assert.equal(world.sleep.counters.idleMicros, 0, 'looking is not being idle')
  })
}

test('what a client posts meanwhile ends the look', () => {
  const world = new World(FOREVER)
  Atomics.store(world.header, HEADER_DIRTY, 4)
  world.idle()
  assert.deepEqual([world.asked, world.blocked], [0, 0])
})

const reasons: Record<string, (world: World) => void> = {
  'more than four are in flight': (world) => {
    world.inFlight = 5
  },
  'a worker of the kernel is to do it': (world) => {
    world.workers = true
  },
  'other clients may need the processor': (world) => {
    world.crowding.level = CROWDED_SLIGHTLY
  },
  'other threads need the processor': (world) => {
    world.crowding.level = CROWDED_FULLY
  },
}
for (const [reason, set] of Object.entries(reasons)) {
  test(`it sleeps at once where ${reason}`, () => {
    const world = new World(FOREVER)
    set(world)
    world.idle()
    assert.deepEqual([world.asked, world.blocked], [0, 1])
  })
}

test('it never looks where it may not', () => {
  const world = new World(0)
  world.idle()
  assert.deepEqual([world.asked, world.blocked], [0, 1])
})

test('it sleeps when it has looked in vain, and soon without looking before', () => {
  const world = new World(64)
  // It sleeps for nothing at all here: which is short, and has it look again, the more seldom each time.
  for (let turn = 0; turn < 10; turn++) {
    world.idle()
    assert.equal(world.blocked, turn + 1)
  }
  const asked = world.asked
  assert.ok(asked > 0)
  let silent = 0
  for (let turn = 0; turn < 200; turn++) {
    const before = world.asked
    world.idle()
    if (world.asked === before) silent++
  }
  assert.ok(silent > 150, `${silent} of 200 turns without a look`)
})
