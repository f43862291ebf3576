// Who has been told of a completion goes on before the thread looks for the next one: looking is
// all that it does meanwhile, and what he asks for next would lie there until it is over. Nor does it look
// for long at once: the event loop has its turns, and other threads the processor where they need it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CROWDED_FULLY,
  CROWDED_NOT,
  CROWDED_SLIGHTLY,
  HEADER_BYTES,
  HEADER_CROWDED,
  wordsOf,
} from '#dist/protocol/index.js'
import type { CompletionRing } from '#dist/transport/completion-ring.js'
import { Watcher } from '#dist/transport/watcher.js'

/** Not so long that the event loop has a turn meanwhile; and so long that no test sees the end of it. */
const SHORT_MICROS = 80
const LONG_MICROS = 60_000_000

/** Asking once or twice is no looking, which goes on for as long as there is nothing. */
const ASKS = 3

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A watcher of a ring that says whether there are completions, and writes down when it is asked. */
class Stage {
  readonly events: string[] = []
  #asks = 0
  outstanding = 0
  available = 0
  told: Array<() => void> = []
  readonly header = wordsOf(new SharedArrayBuffer(HEADER_BYTES))
  readonly watcher: Watcher

  constructor(spinMicros = SHORT_MICROS) {
    const ring = {
      available: (): number => {
        if (++this.#asks === ASKS) this.#happens('look')
        return this.available
      },
      waitAsync: (): Promise<unknown> => {
        this.#happens('sleep')
        return new Promise(() => {})
      },
      wakeSelf: (): void => {},
    }
    const watched = {
      drain: (): number => this.#drain(),
      outstanding: () => this.outstanding,
      checkActor: () => {},
      insist: () => this.#happens('insist'),
      idle: () => {
        this.#happens('idle')
      },
    }
    this.watcher = new Watcher(ring as unknown as CompletionRing, watched, this.header, spinMicros)
  }

  #happens(event: string): void {
    this.events.push(event)
    if (event !== 'look') this.#asks = 0
  }

  #drain(): number {
    const count = this.available
    this.#happens(`drain ${count}`)
    this.available = 0
    this.outstanding -= count
    for (const tell of this.told.splice(0, count)) tell()
    return count
  }

  /** An operation that takes until `available` says so; its caller goes on some microtasks later. */
  async operation(hops: number): Promise<void> {
    this.outstanding++
    await new Promise<void>((resolve) => this.told.push(resolve))
    for (let hop = 0; hop < hops; hop++) await null
    this.#happens('caller')
  }

  async slept(): Promise<void> {
    for (let turns = 0; turns < 1000 && !this.events.includes('sleep'); turns++) await turn()
  }

  count(event: string): number {
    return this.events.filter((each) => each === event).length
  }
}

for (const hops of [0, 1, 5, 20]) {
  test(`callers that go on ${hops} microtasks later do so before it looks again`, async () => {
    const stage = new Stage()
    const callers = [stage.operation(hops), stage.operation(hops)]
    void stage.operation(0)
    stage.available = 2
    stage.watcher.watch()
    await Promise.all(callers)
    await stage.slept()
    const at = stage.events.indexOf('drain 2')
    assert.ok(at >= 0, stage.events.join())
    assert.deepEqual(stage.events.slice(at), ['drain 2', 'caller', 'caller', 'look', 'sleep'])
    stage.watcher.end()
  })
}

test('what a caller posts while it settles is looked for once', async () => {
  const stage = new Stage()
  const again = stage.operation(0).then(() => {
    void stage.operation(0)
    stage.watcher.watch()
    stage.watcher.watch()
  })
  stage.available = 1
  stage.watcher.watch()
  await again
  await stage.slept()
  const at = stage.events.indexOf('drain 1')
  assert.deepEqual(stage.events.slice(at), ['drain 1', 'idle', 'caller', 'look', 'sleep'])
  stage.watcher.end()
})

test('while it looks the event loop has its turns', async () => {
  const stage = new Stage(LONG_MICROS)
  const told = stage.operation(0)
  stage.watcher.watch()
  for (let turns = 0; turns < 20; turns++) await turn()
  assert.ok(stage.count('look') > 10, stage.events.join())
  stage.available = 1
  await told
  assert.equal(stage.count('sleep'), 0, stage.events.join())
  assert.equal(stage.count('drain 1'), 1)
  stage.watcher.end()
})

const crowded = {
  not: CROWDED_NOT,
  slightly: CROWDED_SLIGHTLY,
  fully: CROWDED_FULLY,
  nonsense: -77,
}
for (const [name, level] of Object.entries(crowded)) {
  const looks =
    name === 'not' ? 'looks for long' : name === 'slightly' ? 'looks once' : 'sleeps at once'
  test(`it ${looks} where the header says that processors are crowded: ${name}`, async () => {
    const stage = new Stage(LONG_MICROS)
    Atomics.store(stage.header, HEADER_CROWDED, level)
    void stage.operation(0)
    stage.watcher.watch()
    for (let turns = 0; turns < 20; turns++) await turn()
    if (name === 'not') {
      assert.ok(stage.count('look') > 10 && stage.count('sleep') === 0, stage.events.join())
      Atomics.store(stage.header, HEADER_CROWDED, CROWDED_FULLY)
      await stage.slept()
      assert.equal(stage.count('sleep'), 1, 'also while it looks')
    } else {
      assert.deepEqual(stage.events, name === 'slightly' ? ['look', 'sleep'] : ['sleep'])
    }
    stage.watcher.end()
  })
}
