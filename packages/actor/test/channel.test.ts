// The actor's side of a channel: its own indices alone count, round the ring and over 2^32.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import {
  CHANNEL_CLIENT_STATE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_HEAD,
  CHANNEL_REQUEST_TAIL,
  CLIENT_AWAKE,
  CLIENT_WAITING,
  COMPLETION_RES,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
  channelBytes,
  completionsWord,
  REQUEST_WORDS,
  REQUESTS_WORD,
  TRACE_BYTES,
} from '@uring-actor/client/protocol'
import { Channel } from '#dist/channels/channel.js'

const CAPACITY = 8

function channelOf(): { channel: Channel; words: Int32Array } {
  const memory = new SharedArrayBuffer(channelBytes(CAPACITY))
  const arena = new SharedArrayBuffer(4096, { maxByteLength: 4096 })
  const trace = new SharedArrayBuffer(TRACE_BYTES)
  const { port1: port } = new MessageChannel()
  port.close()
  const parts = { channel: memory, arena, trace, port, owner: 1, threadId: 1 }
  const channel = new Channel(2, CAPACITY, parts, 1)
  return { channel, words: new Int32Array(memory) }
}

const complete = (channel: Channel, user: number, res: number): void =>
  channel.complete(user, 0, res, 0, 0, 0, 0, 0, 0)

describe('a channel', () => {
  test('takes requests and gives completions, round and round', () => {
    const { channel, words } = channelOf()
    for (let count = 0; count < 5 * CAPACITY; count++) {
      assert.equal(channel.available(), 0)
      Atomics.store(words, CHANNEL_REQUEST_TAIL, count + 1)
      assert.equal(channel.available(), 1)
      assert.equal(channel.requestAt(0), REQUESTS_WORD + (count % CAPACITY) * REQUEST_WORDS)
      channel.advance(1)
      channel.giveBack()
      assert.equal(words[CHANNEL_REQUEST_HEAD], count + 1)
      assert.equal(channel.inFlight, 1)
      complete(channel, count, 7)
      assert.equal(words[CHANNEL_COMPLETION_TAIL], count, 'not the client’s before publish()')
      channel.publish()
      assert.equal(words[CHANNEL_COMPLETION_TAIL], count + 1)
      const at = completionsWord(CAPACITY) + (count % CAPACITY) * COMPLETION_WORDS
      assert.equal(words[at + COMPLETION_USER_LOW], count)
      assert.equal(words[at + COMPLETION_RES], 7)
      Atomics.store(words, CHANNEL_COMPLETION_HEAD, count + 1)
    }
  })

  test('counts on over 2^31 and 2^32', () => {
    const { channel, words } = channelOf()
    for (const step of [2 ** 31 - 3, 2 ** 31 - 2]) {
      channel.advance(step)
      channel.inFlight = 0
    }
    // The head is 5 before it runs over.
    const head = 2 ** 32 - 5
    for (let posted = 0; posted <= CAPACITY; posted++) {
      Atomics.store(words, CHANNEL_REQUEST_TAIL, (head + posted) | 0)
      assert.equal(channel.available(), posted)
    }
    const slots = Array.from({ length: CAPACITY }, (_, index) => channel.requestAt(index))
    assert.deepEqual(
      slots,
      [3, 4, 5, 6, 7, 0, 1, 2].map((slot) => REQUESTS_WORD + slot * REQUEST_WORDS),
    )
    channel.advance(CAPACITY)
    assert.equal(channel.available(), 0)
  })

  test('knows words that are not what the protocol allows', () => {
    for (const tail of [CAPACITY + 1, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const { channel, words } = channelOf()
      Atomics.store(words, CHANNEL_REQUEST_TAIL, tail)
      assert.equal(channel.available(), -1, `request tail ${tail}`)
    }
    for (const head of [1, CAPACITY, -CAPACITY - 1, 2 ** 31 - 1]) {
      const { channel, words } = channelOf()
      Atomics.store(words, CHANNEL_REQUEST_TAIL, 1)
      Atomics.store(words, CHANNEL_COMPLETION_HEAD, head)
      assert.equal(channel.available(), -1, `completion head ${head}`)
    }
  })

  test('knows a client that says it has not taken what it has', () => {
    const { channel, words } = channelOf()
    Atomics.store(words, CHANNEL_REQUEST_TAIL, CAPACITY)
    channel.advance(3)
    Atomics.store(words, CHANNEL_COMPLETION_HEAD, -CAPACITY)
    // Completions not taken and operations in flight: more than the ring holds.
    assert.equal(channel.available(), -1)
  })

  test('takes no request whose completion would have no room', () => {
    const { channel, words } = channelOf()
    Atomics.store(words, CHANNEL_REQUEST_TAIL, CAPACITY)
    channel.advance(CAPACITY)
    for (let count = 0; count < CAPACITY; count++) complete(channel, count, 0)
    channel.publish()
    Atomics.store(words, CHANNEL_REQUEST_TAIL, 2 * CAPACITY)
    assert.equal(channel.available(), 0, 'the client has taken no completion')
    Atomics.store(words, CHANNEL_COMPLETION_HEAD, 3)
    assert.equal(channel.available(), 3)
    channel.advance(2)
    assert.equal(channel.available(), 1)
  })

  test('wakes its client only when it waits, and once', () => {
    const { channel, words } = channelOf()
    channel.advance(2)
    complete(channel, 0, 0)
    channel.publish()
    assert.equal(channel.wakes, 0)
    Atomics.store(words, CHANNEL_CLIENT_STATE, CLIENT_WAITING)
    complete(channel, 1, -5)
    channel.publish()
    assert.equal(channel.wakes, 1)
    assert.equal(words[CHANNEL_CLIENT_STATE], CLIENT_AWAKE)
    assert.equal(channel.completed, 2)
    assert.equal(channel.errors, 1)
  })
})
