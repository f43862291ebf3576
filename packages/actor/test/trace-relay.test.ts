// What passes on the rows of a trace file: of what a client sends, which may be anything, only chunks
// of numbers of the right size, made anew; no more than the other side has room for; and what a client
// leaves behind is heard, or counted as dropped.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, beforeEach, test } from 'node:test'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  BATCH_F64,
  CHUNK_PATHS_MAX,
  CHUNK_RECORDS,
  RECORD_F64,
  RECORDS_KIND,
  TRACE_BYTES,
  TRACE_HELD,
} from '@uring-actor/client/protocol'
import type { Channel } from '#dist/channels/channel.js'
import { BatchRows } from '#dist/loop/batch-rows.js'
import { type RelayedRecords, TraceRelay } from '#dist/trace-file/relay.js'

let passed: RelayedRecords[]
let batches: BatchRows
let client: MessagePort
let channel: Channel
let relay: TraceRelay
let queued: Int32Array
let ports: MessagePort[]

beforeEach(() => {
  passed = []
  batches = new BatchRows()
  const { port1, port2 } = new MessageChannel()
  ports = [port1, port2]
  client = port1
  const traceMemory = new SharedArrayBuffer(TRACE_BYTES)
  channel = { port: port2, id: 3, threadId: 7, traceMemory } as unknown as Channel
  const spawner = { postMessage: (message: RelayedRecords) => passed.push(message) }
  relay = new TraceRelay(spawner as unknown as MessagePort, batches, [null, channel])
  relay.listen(channel)
  queued = new Int32Array(new SharedArrayBuffer(4))
})
afterEach(() => {
  for (const port of ports) port.close()
})

function hold(rows: number): void {
  Atomics.store(new Int32Array(channel.traceMemory), TRACE_HELD, rows)
}

/** Sends messages, and waits until the relay has heard them. */
async function send(...messages: unknown[]): Promise<void> {
  for (const message of messages) client.postMessage(message)
  const heard = new Promise<void>((resolve) => {
    channel.port.on('message', (message) => {
      if (message === 'the last') resolve()
    })
  })
  client.postMessage('the last')
  await heard
}

test('a chunk of rows is passed on with its client and its paths, and counted', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  const records = new Float64Array(2 * RECORD_F64).fill(5)
  await send({ kind: RECORDS_KIND, records, files: ['/a', '/b'] })
  assert.equal(passed.length, 1)
  assert.deepEqual(passed[0], {
    kind: RECORDS_KIND,
    client: { id: 3, threadId: 7 },
    records,
    files: ['/a', '/b'],
  })
  assert.equal(queued[0], 1)
  assert.equal(await relay.stop(), 0)
})

test('nothing is passed on while nobody records', async () => {
  const chunk = { kind: RECORDS_KIND, records: new Float64Array(RECORD_F64), files: [] }
  await send(chunk)
  relay.start(queued.buffer as SharedArrayBuffer)
  await relay.stop()
  await send(chunk)
  assert.deepEqual(passed, [])
})

test('what is no chunk of rows is not passed on', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  const files: string[] = []
  const kind = RECORDS_KIND
  await send(
    null,
    42,
    'text',
    [],
    {},
    { kind },
    { kind, records: null, files },
    { kind, records: [1, 2, 3], files },
    { kind, records: new Float64Array(0), files },
    { kind, records: new Float64Array(RECORD_F64 - 1), files },
    { kind, records: new Float64Array((CHUNK_RECORDS + 1) * RECORD_F64), files },
    { kind, records: new Float32Array(RECORD_F64), files },
    { kind, records: { length: RECORD_F64 }, files },
    { kind: 'another', records: new Float64Array(RECORD_F64), files },
  )
  assert.deepEqual(passed, [])
  assert.equal(await relay.stop(), 0)
})

test('rows are copied: they may lie in shared memory, or in some that grows', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  const shared = new Float64Array(new SharedArrayBuffer(RECORD_F64 * 8))
  const Growable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer
  const growing = new Float64Array(new Growable(RECORD_F64 * 8, { maxByteLength: 2 ** 20 }))
  await send(
    { kind: RECORDS_KIND, records: shared, files: [] },
    { kind: RECORDS_KIND, records: growing, files: [] },
  )
  assert.equal(passed.length, 2)
  shared.fill(9)
  for (const { records } of passed) {
    assert.ok(records.buffer instanceof ArrayBuffer)
    assert.equal(records.buffer.byteLength, RECORD_F64 * 8)
    assert.ok(records.every((value) => value === 0))
  }
  await relay.stop()
})

test('paths that cannot be are left out, and the rows passed on without them', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  const records = new Float64Array(RECORD_F64)
  const bad = [
    undefined,
    'text',
    { length: 1, 0: '/a' },
    [1],
    ['/a', {}],
    new Array(100_000),
    ['x'.repeat(CHUNK_PATHS_MAX), 'y'],
  ]
  await send(...bad.map((files) => ({ kind: RECORDS_KIND, records, files })))
  assert.equal(passed.length, bad.length)
  for (const { files } of passed) assert.deepEqual(files, [])
  await relay.stop()
})

test('what the other side has no room for is dropped, and counted', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  queued[0] = 1_000_000
  await send({ kind: RECORDS_KIND, records: new Float64Array(3 * RECORD_F64), files: [] })
  assert.deepEqual(passed, [])
  assert.equal(await relay.stop(), 3)
})

test("the actor's own batches are passed on, the last ones at the end", async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  batches.began(1)
  for (let batch = 0; batch < CHUNK_RECORDS + 5; batch++) {
    batches.taken += 4
    batches.ended(batch * 10 + 3, batch * 10 + 11, 3, 2)
  }
  assert.equal(await relay.stop(), 0)
  assert.deepEqual(
    passed.map(({ records, client }) => [client, records.length / BATCH_F64]),
    [
      [null, CHUNK_RECORDS],
      [null, 5],
    ],
  )
  assert.deepEqual(
    [...passed[0]!.records.subarray(0, 2 * BATCH_F64)],
    [...[1, 3, 11, 4, 3, 2], ...[11, 13, 21, 4, 3, 2]],
  )
  assert.equal(batches.recording, false)
})

test('the end waits for what clients hold', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  hold(2)
  const ending = relay.stop()
  const records = new Float64Array(2 * RECORD_F64)
  setTimeout(() => {
    client.postMessage({ kind: RECORDS_KIND, records, files: [] })
    hold(0)
  }, 30)
  assert.equal(await ending, 0)
  assert.equal(passed.length, 1)
})

test('the end waits in vain for who hands nothing on, and counts what is held', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  hold(7)
  assert.equal(await relay.stop(), 7)
})

test('a recording goes on that begins while one that was given up is still to end', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  hold(7)
  const ending = relay.stop()
  relay.start(new SharedArrayBuffer(4))
  hold(0)
  await ending
  assert.equal(batches.recording, true)
  await send({ kind: RECORDS_KIND, records: new Float64Array(RECORD_F64), files: [] })
  assert.equal(passed.length, 1)
  await relay.stop()
})

test('what a client held whose thread has died is dropped at once', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  hold(4)
  const closed = once(channel.port, 'close')
  client.close()
  await closed
  assert.equal(Atomics.load(new Int32Array(channel.traceMemory), TRACE_HELD), 0)
  assert.equal(await relay.stop(), 4)
})

test('what a client says that it holds is not believed when it cannot be', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  for (const rows of [-1, CHUNK_RECORDS + 1, 2 ** 31 - 1]) {
    hold(rows)
    assert.equal(await relay.stop(), 0)
    relay.start(queued.buffer as SharedArrayBuffer)
  }
  await relay.stop()
})

test('what a client has sent before it leaves is heard, by all that listen', async () => {
  relay.start(queued.buffer as SharedArrayBuffer)
  const others: unknown[] = []
  channel.port.on('message', (message) => others.push(message))
  client.postMessage('a question')
  client.postMessage({ kind: RECORDS_KIND, records: new Float64Array(RECORD_F64), files: [] })
  relay.leave(channel)
  channel.port.close()
  assert.equal(passed.length, 1)
  assert.equal(others[0], 'a question')
  await relay.stop()
})
