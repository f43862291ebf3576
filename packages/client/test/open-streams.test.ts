// The streams of a file that are not over: which are kept, and what the file's close does to them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OpenStreams } from '#dist/file/open-streams.js'

/** A stream that ends when it is told to by the test. */
function stream(): { close(): void; destroy(): void; calls: string[] } {
  const calls: string[] = []
  return { calls, close: () => calls.push('close'), destroy: () => calls.push('destroy') }
}

test('a file without streams need not wait for any', () => {
  let told = 0
  new OpenStreams().close(() => told++)
  assert.equal(told, 1)
})

test('the close waits for the last stream, and hears of it once', () => {
  const streams = new OpenStreams()
  const [first, second] = [stream(), stream()]
  streams.add(first)
  streams.add(second)
  let told = 0
  streams.close(() => told++)
  assert.deepEqual([first.calls, second.calls], [['close'], ['close']])
  streams.delete(first)
  assert.equal(told, 0)
  streams.delete(second)
  streams.delete(second)
  assert.equal(told, 1)
})

test('a stream that ends while it is told to is waited for no more', () => {
  const streams = new OpenStreams()
  for (let count = 0; count < 3; count++) {
    const own = { close: () => streams.delete(own), destroy: () => {} }
    streams.add(own)
  }
  let told = 0
  streams.close(() => told++)
  assert.deepEqual([told, streams.size], [1, 0])
})

test('what is made of a closing file is not waited for', () => {
  const streams = new OpenStreams()
  streams.add(stream())
  let told = 0
  streams.close(() => told++)
  streams.add(stream())
  assert.equal(streams.size, 1)
})

test('a blocking close destroys them', () => {
  const streams = new OpenStreams()
  const own = stream()
  streams.add(own)
  streams.destroy()
  assert.deepEqual([own.calls, streams.size], [['destroy'], 0])
})
