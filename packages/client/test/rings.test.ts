// The client's ends of the two rings: records go round, counters run over, late completions are known.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_TAIL,
  COMPLETION_WORDS,
  channelBytes,
  completionsWord,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OFF_LOW,
  REQUEST_OPERATION,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
  ringLength,
} from '#dist/protocol/index.js'
import { CompletionRing } from '#dist/transport/completion-ring.js'
import { Operation } from '#dist/transport/operation.js'
import { OperationTable } from '#dist/transport/operation-table.js'
import { RequestRing } from '#dist/transport/request-ring.js'

const CAPACITY = 8

describe('the request ring', () => {
  test('publishes what was written, all at once and in its slots', () => {
    const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
    const words = new Int32Array(channel)
    const ring = new RequestRing(channel, CAPACITY, new Float64Array(CAPACITY))
    const operation = new Operation(5)
    operation.generation = 77
    assert.equal(ring.publish(), false)
    for (let count = 0; count < 3 * CAPACITY; count++) {
      ring.write(operation, 3, 10 + count, 4, -5, 6, 7, 0, count, 0)
      assert.equal(ring.unpublished, 1)
      assert.equal(words[CHANNEL_REQUEST_TAIL], count, 'nothing is the actor’s before publish()')
      assert.equal(ring.publish(), true)
      assert.equal(words[CHANNEL_REQUEST_TAIL], count + 1)
      const at = REQUESTS_WORD + (count % CAPACITY) * REQUEST_WORDS
      assert.equal(words[at + REQUEST_OPERATION], 3)
      assert.equal(words[at + REQUEST_FD], 10 + count)
      assert.equal(words[at + REQUEST_FD_GENERATION], 4)
      assert.equal(words[at + REQUEST_OFF_LOW], -5)
      assert.equal(words[at + REQUEST_OFF_HIGH], 6)
      assert.equal(words[at + REQUEST_LEN], count)
      assert.equal(words[at + REQUEST_USER_LOW], 5)
      assert.equal(words[at + REQUEST_USER_HIGH], 77)
    }
  })
})

describe('the completion ring', () => {
  test('goes round its slots', () => {
    const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
    const words = new Int32Array(channel)
    const ring = new CompletionRing(channel, CAPACITY)
    for (let count = 0; count < 3 * CAPACITY; count++) {
      assert.equal(ring.available(), 0)
      Atomics.store(words, CHANNEL_COMPLETION_TAIL, count + 1)
      assert.equal(ring.available(), 1)
      assert.equal(
        ring.wordOf(0),
        completionsWord(CAPACITY) + (count % CAPACITY) * COMPLETION_WORDS,
      )
      ring.advance()
      ring.giveBack()
      assert.equal(Atomics.load(words, CHANNEL_COMPLETION_HEAD), count + 1)
    }
  })

  test('counts on when its counters become negative as int32', { timeout: 120_000 }, () => {
    const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
    const words = new Int32Array(channel)
    const ring = new CompletionRing(channel, CAPACITY)
    for (let count = 0; count < 2 ** 31 - 2; count++) ring.advance()
    Atomics.store(words, CHANNEL_COMPLETION_TAIL, (2 ** 31 + 3) | 0)
    const seen: number[] = []
    for (; ring.available() > 0; ring.advance()) seen.push(ring.wordOf(0))
    const base = completionsWord(CAPACITY)
    assert.deepEqual(
      seen,
      [6, 7, 0, 1, 2].map((slot) => base + slot * COMPLETION_WORDS),
    )
  })
})

test('the length of a ring is reckoned in uint32', () => {
  assert.equal(ringLength(0, 0), 0)
  assert.equal(ringLength(5, 8), 3)
  assert.equal(ringLength(-2, 3), 5)
  assert.equal(ringLength(0xffff_fffe, 3), 5)
  assert.equal(ringLength(2 ** 31 - 1, -(2 ** 31)), 1)
  // A tail behind its head is a very long ring: broken, whoever looks.
  assert.equal(ringLength(8, 5), 2 ** 32 - 3)
})

describe('the table of operations', () => {
  test('knows its own completions from late and forged ones', () => {
    const table = new OperationTable(4)
    const operation = table.claim()!
    assert.equal(table.expected(operation.slot, operation.generation), null, 'not posted yet')
    operation.posted = true
    const { slot, generation } = operation
    assert.equal(table.expected(slot, generation), operation)
    for (const [wrongSlot, wrongGeneration] of [
      [slot, generation + 1],
      [slot, generation - 1],
      [(slot + 1) % 4, generation],
      [-1, generation],
      [4, generation],
      [2 ** 31 - 1, generation],
    ] as const) {
      assert.equal(table.expected(wrongSlot, wrongGeneration), null)
    }
    operation.clear()
    table.free(operation)
    assert.equal(table.expected(slot, generation), null, 'a completion that comes twice')
  })

  test('hands out each operation once', () => {
    const table = new OperationTable(16)
    const claimed = new Set(Array.from({ length: 16 }, () => table.claim()!))
    assert.equal(claimed.size, 16)
    assert.equal(table.claim(), null)
    assert.equal(table.outstandingCount, 16)
    for (const operation of claimed) table.free(operation)
    assert.equal(table.freeCount, 16)
  })

  test('serves those who wait in their order', () => {
    const table = new OperationTable(2)
    const held = [table.claim()!, table.claim()!]
    const served: number[] = []
    for (const name of [1, 2, 3]) {
      table.whenReady(() => {
        if (table.freeCount === 0) return false
        const operation = table.claim()!
        served.push(name)
        held.push(operation)
        return true
      })
    }
    assert.deepEqual(served, [])
    assert.equal(table.hasWaiting, true)
    while (held.length > 0) {
      table.free(held.shift()!)
      table.admit()
    }
    assert.deepEqual(served, [1, 2, 3])
    assert.equal(table.hasWaiting, false)
  })
})
