// What a cancellation does to the members of a chain: with an engine that does what the test says.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import {
  COMPLETION_CHAIN_BROKEN,
  OPERATION_ALLOCATE,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC,
  OPERATION_WRITE,
  REQUEST_LINK,
} from '@uring-actor/client/protocol'
import {
  ask,
  completions,
  dispatcher,
  ECANCELED,
  engine,
  IN_FLIGHT,
  post,
  setUp,
  take,
} from './manual.ts'

beforeEach(setUp)

const broken = { res: ECANCELED, extra: 0, flags: COMPLETION_CHAIN_BROKEN }

/** Three members: one run, linked, that ends with the allocation; and a read after it. */
function postChain(): void {
  post(OPERATION_WRITE, { flags: REQUEST_LINK })
  post(OPERATION_ALLOCATE, { flags: REQUEST_LINK })
  post(OPERATION_READ)
  take()
  assert.deepEqual(engine.begun, [0, 1])
}

test('the member that runs is stopped, and no other begins', () => {
  postChain()
  ask(0, 1, 2)
  take()
  assert.deepEqual(engine.cancelled, [0, 1, 2])
  engine.complete(0, ECANCELED)
  engine.complete(1, ECANCELED)
  assert.deepEqual(completions(), {
    0: { res: ECANCELED, extra: 0, flags: IN_FLIGHT },
    1: broken,
    2: broken,
  })
  assert.deepEqual(engine.begun, [])
})

test('members that are done stay done', () => {
  postChain()
  ask(0, 1, 2)
  take()
  engine.complete(0, 4096)
  engine.complete(1, 0)
  assert.deepEqual(completions(), {
    0: { res: 4096, extra: 0, flags: 0 },
    1: { res: 0, extra: 0, flags: 0 },
    2: { res: ECANCELED, extra: 0, flags: IN_FLIGHT },
  })
})

test('a short member is not sent again', () => {
  postChain()
  ask(0, 1, 2)
  take()
  engine.complete(0, 1000)
  engine.complete(1, ECANCELED)
  assert.deepEqual(completions()[0], { res: ECANCELED, extra: 1000, flags: IN_FLIGHT })
  assert.deepEqual(engine.begun, [])
})

test('a sync that waits leaves its line, and the file usable', () => {
  post(OPERATION_SYNC, { flags: REQUEST_LINK })
  post(OPERATION_NOP)
  take()
  ask(0, 1)
  take()
  assert.deepEqual(completions(), {
    0: { res: ECANCELED, extra: 0, flags: IN_FLIGHT },
    1: { res: ECANCELED, extra: 0, flags: COMPLETION_CHAIN_BROKEN },
  })
  const sync = post(OPERATION_SYNC)
  take()
  dispatcher.syncs.begin()
  assert.deepEqual(engine.begun, [sync])
})

test('a sync in flight is not disturbed: others may share it', () => {
  post(OPERATION_SYNC, { flags: REQUEST_LINK })
  post(OPERATION_NOP)
  const other = post(OPERATION_SYNC)
  take()
  dispatcher.syncs.begin()
  assert.deepEqual(engine.begun, [0])
  ask(0, 1)
  take()
  dispatcher.now = 1e9
  dispatcher.resume()
  assert.ok(!engine.cancelled.includes(0))
  engine.complete(0, 0)
  assert.deepEqual(completions(), {
    0: { res: 0, extra: 0, flags: 0 },
    1: { res: ECANCELED, extra: 0, flags: IN_FLIGHT },
    [other]: { res: 0, extra: 0, flags: 0 },
  })
  assert.deepEqual(engine.begun, [])
})
