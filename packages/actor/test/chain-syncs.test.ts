// The sync that ends a chain: it goes down linked, in one submission with what goes before it, where no
// other sync of the file runs or waits; and nobody else's sync runs beside it.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import {
  COMPLETION_CHAIN_BROKEN,
  OPERATION_SYNC,
  OPERATION_WRITE,
  REQUEST_LINK,
} from '@uring-actor/client/protocol'
import {
  completions,
  dispatcher,
  ECANCELED,
  EINTR,
  EIO,
  engine,
  post,
  setUp,
  take,
} from './manual.ts'

beforeEach(setUp)

const done = { res: 0, extra: 0, flags: 0 }
const written = { res: 4096, extra: 0, flags: 0 }

/** A write and the sync of its file. */
function postChain(): [write: number, sync: number] {
  return [post(OPERATION_WRITE, { flags: REQUEST_LINK }), post(OPERATION_SYNC)]
}

describe('where no other sync runs', () => {
  test('the sync goes down with the write', () => {
    const [write, sync] = postChain()
    take()
    assert.deepEqual(engine.begun, [write, sync])
    engine.complete(write, 4096)
    engine.complete(sync, 0)
    assert.deepEqual(completions(), { [write]: written, [sync]: done })
  })

  test('others wait for it, and then share one', () => {
    const [write, sync] = postChain()
    const others = [post(OPERATION_SYNC), post(OPERATION_SYNC)]
    take()
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [write, sync], 'not beside it')
    engine.complete(write, 4096)
    engine.complete(sync, 0)
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [others[0]])
    engine.complete(others[0]!, 0)
    assert.equal(Object.keys(completions()).length, 4)
  })

  test('its failure is that of all who wait, and stays', () => {
    const [write, sync] = postChain()
    const other = post(OPERATION_SYNC)
    take()
    engine.complete(write, 4096)
    engine.complete(sync, EIO)
    const failed = { res: EIO, extra: 0, flags: 0 }
    assert.deepEqual(completions(), { [write]: written, [sync]: failed, [other]: failed })
    const [, late] = postChain()
    take()
    assert.deepEqual(engine.begun, [late - 1], 'a file that has failed is not synced again')
    engine.complete(late - 1, 4096)
    assert.deepEqual(completions()[late], failed)
  })

  test('it is not a failure of the disk that the write before it failed', () => {
    const [write, sync] = postChain()
    const other = post(OPERATION_SYNC)
    take()
    engine.complete(write, EIO)
    engine.complete(sync, ECANCELED)
    assert.equal(completions()[sync]!.flags, COMPLETION_CHAIN_BROKEN)
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [other])
    engine.complete(other, 0)
    assert.deepEqual(completions()[other], done)
  })

  test('after a short write both go down again, in one submission', () => {
    const [write, sync] = postChain()
    take()
    engine.complete(write, 1000)
    engine.complete(sync, ECANCELED)
    assert.deepEqual(engine.begun, [write, sync])
    engine.complete(write, 3096)
    engine.complete(sync, 0)
    assert.deepEqual(completions(), { [write]: written, [sync]: done })
  })

  test('one that was interrupted goes into the line', () => {
    const [write, sync] = postChain()
    take()
    engine.complete(write, 4096)
    engine.complete(sync, EINTR)
    assert.deepEqual(completions(), {})
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [sync])
    engine.complete(sync, 0)
    assert.deepEqual(completions(), { [write]: written, [sync]: done })
  })
})

describe('where another sync runs', () => {
  test('only the write goes down, and the sync takes its place in the line', () => {
    const running = post(OPERATION_SYNC)
    take()
    dispatcher.syncs.begin()
    const [write, sync] = postChain()
    take()
    assert.deepEqual(engine.begun, [running, write])
    engine.complete(write, 4096)
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [running], 'not beside it')
    engine.complete(running, 0)
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [sync])
    engine.complete(sync, 0)
    assert.deepEqual(completions(), { [running]: done, [write]: written, [sync]: done })
  })

  test('one that only waits goes first', () => {
    const waiting = post(OPERATION_SYNC)
    const [write] = postChain()
    take()
    assert.deepEqual(engine.begun, [write])
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [write, waiting])
  })
})

describe('without room for the whole run', () => {
  test('nothing is reserved while the chain waits', () => {
    engine.room = 1
    const [write, sync] = postChain()
    take()
    assert.deepEqual(engine.begun, [])
    const other = post(OPERATION_SYNC)
    take()
    dispatcher.syncs.begin()
    assert.deepEqual(engine.begun, [other])
    engine.complete(other, 0)
    engine.room = 2
    dispatcher.resume()
    assert.deepEqual(engine.begun, [write, sync])
  })
})
