// Who has been told of a completion goes on before the thread looks for the next one: looking is
// all that it does meanwhile, and what he asks for next would lie there until it is over.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HEADER_BYTES, wordsOf } from '#dist/protocol/index.js'
import type { CompletionRing } from '#dist/transport/completion-ring.js'
import { Watcher } from '#dist/transport/watcher.js'

const SPIN_MICROS = 2000

/** Asking once or twice is no looking, which goes on for as long as there is nothing. */
const ASKS = 3

/** A watcher of a ring that says whether there are completions, and writes down when it is asked. */
class Stage {
  readonly events: string[] = []
  #asks = 0
  outstanding = 0
  available = 0
  told: Array<() => void> = []
  readonly watcher: Watcher

  constructor() {
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
      idle: () => {
        this.#happens('idle')
      },
    }
    const header = wordsOf(new SharedArrayBuffer(HEADER_BYTES))
    this.watcher = new Watcher(ring as unknown as CompletionRing, watched, header, SPIN_MICROS)
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
    for (let turns = 0; turns < 1000 && !this.events.includes('sleep'); turns++) {
      await new Promise((resolve) => setImmediate(resolve))
    }
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
