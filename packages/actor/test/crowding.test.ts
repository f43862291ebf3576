// When threads are to sleep instead of looking for work: as soon as the clients that post many requests
// at a time, the actor and the kernel's workers are more than the processors, and no longer. And when they
// are to look for a short time only: where it takes all clients that post to be more.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CACHED_READS,
  CROWDED_FULLY,
  CROWDED_NOT,
  CROWDED_SLIGHTLY,
  HEADER_BYTES,
  HEADER_CROWDED,
  HEADER_SEVERAL,
} from '@uring-actor/client/protocol'
import type { Channel } from '#dist/channels/channel.js'
import { Crowding } from '#dist/loop/crowding.js'

const WINDOW = 4000

interface Counted {
  taken: number
  turns: number
  trace: Float64Array
}

const idle = (): Counted => ({ taken: 0, turns: 0, trace: new Float64Array(4) })

class World {
  readonly header = new Int32Array(new SharedArrayBuffer(HEADER_BYTES))
  readonly channels: Array<Counted | null> = new Array(8).fill(null)
  readonly crowding: Crowding
  now = 1_000_000
  /** Kernel threads that are busy. */
  workers = 0

  constructor(processors: number, quota = Number.POSITIVE_INFINITY) {
    const channels = this.channels as unknown as ReadonlyArray<Channel | null>
    const engine = { takeWorkers: () => this.workers }
    this.crowding = new Crowding(this.header, channels, engine, processors, quota)
    this.crowding.look(this.now)
  }

  connect(clients: number): void {
    for (let slot = 0; slot < clients; slot++) this.channels[slot] = idle()
  }

  /** Some clients post for a window, so many requests at a time. */
  post(clients: number, atATime: number, turns: number = 10): boolean {
    for (let slot = 0; slot < clients; slot++) {
      this.channels[slot]!.taken += atATime * turns
      this.channels[slot]!.turns += turns
    }
    return this.look()
  }

  /** Some clients make so many reads of the page cache by themselves. */
  read(clients: number, reads: number): boolean {
    for (let slot = 0; slot < clients; slot++) this.channels[slot]!.trace[CACHED_READS]! += reads
    return this.look()
  }

  look(): boolean {
    this.now += WINDOW
    this.crowding.look(this.now)
    assert.equal(this.level, this.crowding.level)
    return this.level === CROWDED_FULLY
  }

  get level(): number {
    return Atomics.load(this.header, HEADER_CROWDED)
  }

  get several(): boolean {
    return Atomics.load(this.header, HEADER_SEVERAL) !== 0
  }
}

describe('nobody is to look for work', () => {
  for (const processors of [1, 2, 4]) {
    test(`with ${processors} processors from ${processors} clients on, for the actor is one more`, () => {
      const world = new World(processors)
      world.connect(8)
      for (let clients = 0; clients <= 8; clients++) {
        assert.equal(world.post(clients, 16), clients >= processors, `${clients} clients`)
      }
    })
  }

  test('and they may again as soon as the others rest', () => {
    const world = new World(2)
    world.connect(4)
    assert.equal(world.post(4, 16), true)
    assert.equal(world.post(1, 16), false)
    assert.equal(world.post(0, 16), false)
  })

  test("with the kernel's workers among them, beside whom it takes fewer clients", () => {
    const world = new World(4)
    world.connect(8)
    for (let workers = 0; workers <= 4; workers++) {
      world.workers = workers
      for (let clients = 0; clients <= 8; clients++) {
        const crowded = world.post(clients, 16)
        // Somebody keeps the workers busy, be it with little at a time.
        const posting = Math.max(clients, workers > 0 ? 1 : 0)
        assert.equal(crowded, posting + 1 + workers > 4, `${clients} clients, ${workers} workers`)
      }
    }
  })

  test('but clients that post one at a time do not count: waking them would cost more', () => {
    const world = new World(2)
    world.connect(8)
    assert.equal(world.post(8, 1, 1000), false)
    assert.equal(world.post(8, 4, 1000), true)
  })

  test('and what a slot had taken for another client is not counted for the next one', () => {
    const world = new World(2)
    world.connect(4)
    assert.equal(world.post(4, 16), true)
    world.connect(4)
    assert.equal(world.post(0, 16), false)
  })

  test('whatever somebody writes into the header, until the next look', () => {
    const world = new World(2)
    Atomics.store(world.header, HEADER_CROWDED, 77)
    assert.equal(world.crowding.level, CROWDED_NOT)
    assert.equal(world.post(0, 0), false)
  })

  test('clients that read by themselves are at work too', () => {
    const world = new World(2)
    world.connect(4)
    assert.equal(world.read(2, 1000), true)
    assert.equal(world.read(2, 10), false)
    for (const nonsense of [Number.NaN, -1e9, Number.POSITIVE_INFINITY, 1e300]) {
      for (const { trace } of world.channels.slice(0, 4) as Counted[])
        trace[CACHED_READS] = nonsense
      world.look()
      assert.equal(world.look(), false)
    }
  })

  test('not before a window has passed', () => {
    const world = new World(1)
    world.connect(1)
    world.channels[0] = { ...idle(), taken: 100, turns: 10 }
    world.crowding.look(world.now + WINDOW - 1)
    assert.equal(world.crowding.level, CROWDED_NOT)
    world.crowding.look(world.now + WINDOW)
    assert.equal(world.crowding.level, CROWDED_FULLY)
  })
})

describe('nobody is to look for long', () => {
  for (const processors of [1, 2, 4, 8]) {
    test(`with ${processors} processors while ${processors} clients post, however little`, () => {
      const world = new World(processors)
      world.connect(8)
      for (let clients = 0; clients <= 8; clients++) {
        world.post(clients, 1, 1)
        const expected = clients >= processors ? CROWDED_SLIGHTLY : CROWDED_NOT
        assert.equal(world.level, expected, `${clients} clients`)
      }
      world.look()
      assert.equal(world.level, CROWDED_NOT)
    })
  }

  test('and whoever posts much counts once', () => {
    const world = new World(4)
    world.connect(8)
    world.channels[0] = { ...idle(), taken: 1000, turns: 10 }
    world.channels[1] = { ...idle(), taken: 1000, turns: 10 }
    world.channels[2] = { ...idle(), taken: 10, turns: 10 }
    world.look()
    assert.equal(world.level, CROWDED_NOT)
    world.channels[0] = { ...idle(), taken: 2000, turns: 20 }
    world.channels[1] = { ...idle(), taken: 2000, turns: 20 }
    world.channels[2] = { ...idle(), taken: 20, turns: 20 }
    world.channels[3] = { ...idle(), taken: 1, turns: 1 }
    world.look()
    assert.equal(world.level, CROWDED_SLIGHTLY)
  })

  test('nor where a quota lets the process use fewer processors than there are', () => {
    for (const quota of [0.5, 1, 1.5, 2, 2.5, 4]) {
      const world = new World(8, quota)
      world.connect(8)
      for (let clients = 0; clients <= 7; clients++) {
        assert.equal(world.post(clients, 16), false)
        const expected = clients + 1 > quota ? CROWDED_SLIGHTLY : CROWDED_NOT
        assert.equal(world.level, expected, `${clients} clients, a quota of ${quota}`)
      }
    }
  })

  test("nor is the one client that keeps the kernel's workers busy counted twice", () => {
    const world = new World(3)
    world.connect(2)
    world.workers = 1
    world.post(1, 1, 1)
    assert.equal(world.level, CROWDED_NOT)
    world.post(2, 1, 1)
    assert.equal(world.level, CROWDED_SLIGHTLY)
  })
})

describe('clients read what is cached by themselves, however much they have under way', () => {
  test('as soon as two of them are at work, in whichever way', () => {
    const world = new World(64)
    world.connect(8)
    for (let clients = 0; clients <= 8; clients++) {
      assert.equal(world.post(clients, 16), false)
      assert.equal(world.several, clients > 1, `${clients} clients`)
      assert.equal(world.read(clients, 1000), false)
      assert.equal(world.several, clients > 1, `${clients} clients`)
    }
  })

  test("but not because the kernel's workers are: they read nothing", () => {
    const world = new World(2)
    world.connect(1)
    world.workers = 4
    assert.equal(world.post(1, 16), true)
    assert.equal(world.several, false)
  })

  test('and one alone where there is no processor for the actor', () => {
    const world = new World(1)
    world.connect(1)
    world.post(1, 16)
    assert.equal(world.several, true)
    world.post(0, 16)
    assert.equal(world.several, false)
  })
})
