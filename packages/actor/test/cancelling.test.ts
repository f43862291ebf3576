// Where a cancellation finds an operation, and what it does there: with an engine that does what the test
// says, so that each moment of an operation's life can be met exactly.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import {
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_SYNC,
  OPERATION_WRITE,
  REQUEST_DRAIN,
  REQUEST_DURABLE,
  REQUEST_LINK,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import {
  ask,
  calls,
  channel,
  completions,
  dispatcher,
  ECANCELED,
  EINTR,
  EIO,
  engine,
  IN_FLIGHT,
  NOT_STARTED,
  post,
  posted,
  setUp,
  take,
} from './manual.ts'

beforeEach(setUp)

const notStarted = { res: ECANCELED, extra: 0, flags: NOT_STARTED }

describe('before an operation is taken', () => {
  test('it completes when its turn comes, and is not begun', () => {
    const [first, second] = [post(OPERATION_READ), post(OPERATION_WRITE)]
    ask(first)
    take()
    assert.deepEqual(completions(), { [first]: notStarted })
    assert.deepEqual(engine.begun, [second])
  })

  test('a drained one does not wait for those before it, and holds nothing back', () => {
    post(OPERATION_READ)
    take()
    const drained = post(OPERATION_READ, { flags: REQUEST_DRAIN })
    const after = post(OPERATION_READ)
    take()
    assert.deepEqual(engine.begun, [0])
    ask(drained)
    take()
    assert.deepEqual(completions(), { [drained]: notStarted })
    assert.deepEqual(engine.begun, [0, after])
  })

  test('a chain is taken whole, and nothing of it is begun', () => {
    post(OPERATION_WRITE, { flags: REQUEST_LINK })
    post(OPERATION_SYNC)
    const after = post(OPERATION_NOP)
    ask(0, 1)
    take()
    assert.deepEqual(completions(), { 0: notStarted, 1: notStarted })
    assert.deepEqual(engine.begun, [after])
  })

  test('what is posted later into the same slot is another operation', () => {
    const first = post(OPERATION_READ)
    ask(first)
    take()
    const at = REQUESTS_WORD + posted * REQUEST_WORDS
    const second = post(OPERATION_READ)
    channel.words[at + REQUEST_USER_LOW] = first
    channel.words[at + REQUEST_USER_HIGH] = 101
    take()
    assert.deepEqual(engine.begun, [first])
    assert.equal(second, 1)
    assert.equal(channel.inFlight, 1)
  })
})

describe('while an operation waits', () => {
  test('it leaves the line for room in the engine', () => {
    engine.room = 1
    const [first, second, third] = [
      post(OPERATION_READ),
      post(OPERATION_READ),
      post(OPERATION_READ),
    ]
    take()
    assert.deepEqual(engine.begun, [first])
    engine.room = 2
    ask(second)
    take()
    assert.deepEqual(completions(), { [second]: notStarted })
    dispatcher.resume()
    assert.deepEqual(engine.begun, [first, third])
  })

  test("it leaves the line for the file's own position", () => {
    const [first, second, third] = [-1, -1, -1].map((position) =>
      post(OPERATION_READ, { position }),
    )
    take()
    assert.deepEqual(engine.begun, [first])
    ask(second!)
    take()
    assert.deepEqual(completions(), { [second!]: notStarted })
    engine.complete(first!, 4096)
    assert.deepEqual(engine.begun, [third])
  })

  test('a sync that nobody has begun is given up, and the others share the next', () => {
    const running = post(OPERATION_SYNC)
    take()
    dispatcher.syncs.begin()
    const [waits, other] = [post(OPERATION_SYNC), post(OPERATION_SYNC)]
    take()
    ask(waits)
    take()
    assert.deepEqual(completions(), { [waits]: notStarted })
    engine.complete(running, 0)
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [other])
    engine.complete(other, 0)
    assert.deepEqual(completions()[other], { res: 0, extra: 0, flags: 0 })
  })

  test('a sync that was due and is given up by all is not begun', () => {
    const [first, second] = [post(OPERATION_SYNC), post(OPERATION_SYNC)]
    take()
    ask(first, second)
    take()
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [])
    assert.deepEqual(completions(), { [first]: notStarted, [second]: notStarted })
    const third = post(OPERATION_SYNC)
    take()
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [third])
  })

  test('without room to ask the engine it is asked later', () => {
    engine.room = 1
    const user = post(OPERATION_READ)
    take()
    ask(user)
    take()
    assert.deepEqual(engine.cancelled, [])
    engine.room = 1
    dispatcher.now = 1000
    dispatcher.resume()
    assert.deepEqual(engine.cancelled, [user])
  })
})

describe('while the engine has an operation', () => {
  for (const res of [ECANCELED, EINTR]) {
    test(`it is cancelled there, once; ${res} says that it was`, () => {
      const user = post(OPERATION_READ)
      take()
      ask(user)
      take()
      ask(user)
      take()
      assert.deepEqual(engine.cancelled, [user])
      assert.deepEqual(completions(), {}, 'its memory is held until the engine is done with it')
      engine.complete(user, res)
      assert.deepEqual(completions(), { [user]: { res: ECANCELED, extra: 0, flags: IN_FLIGHT } })
      assert.deepEqual(engine.begun, [])
    })
  }

  test('the engine is asked again, the less often the longer it takes, and never for another', () => {
    const user = post(OPERATION_READ)
    take()
    ask(user)
    take()
    let asked = 1
    for (let micros = 0; micros < 3_000_000; micros += 250) {
      dispatcher.now = micros
      dispatcher.resume()
      // Twice as long after each time, and a second at most.
      if (micros === 250) assert.equal(engine.cancelled.length, 1)
      if (micros === 500) assert.equal(engine.cancelled.length, 2)
      asked = engine.cancelled.length
    }
    assert.ok(asked >= 10 && asked <= 20, `asked ${asked} times`)
    engine.complete(user, ECANCELED)
    const next = post(OPERATION_READ)
    take()
    dispatcher.now = 1e9
    dispatcher.resume()
    assert.equal(engine.cancelled.length, asked)
    assert.deepEqual(engine.begun, [next])
  })

  test('bytes that were done are told, and the rest is not asked for', () => {
    const user = post(OPERATION_WRITE)
    take()
    ask(user)
    take()
    engine.complete(user, 1000)
    assert.deepEqual(completions(), { [user]: { res: ECANCELED, extra: 1000, flags: IN_FLIGHT } })
    assert.deepEqual(engine.begun, [])
  })

  test('what is done all the same is done, and an error is an error', () => {
    const [whole, failed] = [post(OPERATION_READ), post(OPERATION_READ)]
    take()
    ask(whole, failed)
    take()
    engine.complete(whole, 4096)
    engine.complete(failed, EIO)
    assert.deepEqual(completions(), {
      [whole]: { res: 4096, extra: 0, flags: 0 },
      [failed]: { res: EIO, extra: 0, flags: 0 },
    })
  })

  test('a sync in flight is not disturbed: others may share it', () => {
    const [asked, other] = [post(OPERATION_SYNC), post(OPERATION_SYNC)]
    take()
    dispatcher.syncs.begin()
    ask(asked)
    take()
    assert.deepEqual(engine.cancelled, [])
    engine.complete(asked, 0)
    const done = { res: 0, extra: 0, flags: 0 }
    assert.deepEqual(completions(), { [asked]: done, [other]: done })
  })

  test('a durable write whose bytes are written becomes durable', () => {
    const user = post(OPERATION_WRITE, { flags: REQUEST_DURABLE })
    take()
    engine.complete(user, 4096)
    ask(user)
    take()
    dispatcher.syncs.begin()
    dispatcher.now = 1e9
    dispatcher.resume()
    engine.complete(user, 0)
    assert.deepEqual(engine.cancelled, [])
    assert.deepEqual(completions(), { [user]: { res: 4096, extra: 0, flags: 0 } })
  })

  test('a durable write that was to be cancelled does not take the sync with it', () => {
    const user = post(OPERATION_WRITE, { flags: REQUEST_DURABLE })
    const other = post(OPERATION_SYNC)
    take()
    ask(user)
    take()
    engine.complete(user, 4096)
    dispatcher.syncs.begin()
    dispatcher.now = 1e9
    dispatcher.resume()
    assert.deepEqual(engine.cancelled, [user], 'once, while it wrote')
    engine.complete(engine.begun[0]!, 0)
    assert.deepEqual(completions()[user], { res: 4096, extra: 0, flags: 0 })
    assert.deepEqual(completions()[other], { res: 0, extra: 0, flags: 0 })
  })

  test('a call of node:fs finishes', () => {
    const user = post(OPERATION_STAT, { len: 128 })
    take()
    ask(user)
    take()
    assert.deepEqual([calls.length, engine.cancelled.length], [1, 0])
    dispatcher.settled(calls[0]!, 0, 0)
    assert.deepEqual(completions(), { [user]: { res: 0, extra: 0, flags: 0 } })
  })
})
