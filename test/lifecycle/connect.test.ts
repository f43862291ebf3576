// connect() is synchronous on every kind of thread: the very next call may block.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type ActorAddress, connect } from '@uring-actor/client'
import { Piscina } from 'piscina'
import { within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'
import { runTask, startTask } from '../support/thread.ts'
import { readBlocking } from './connect-tasks.ts'

const tasks = new URL('./connect-tasks.js', import.meta.url)
const path = temporaryFile(4096)
const expected = patternBytes(16).toString('hex')

// Started before the actor is: it inherits no address.
const word = new Int32Array(new SharedArrayBuffer(8))
const older = startTask<string[]>(tasks, 'readWithHandedAddress', { path, word })

let actor: Actor

before(async () => {
  assert.ok(await eventually(() => Atomics.load(word, 1) === 1))
  actor = await spawnActor()
})
after(() => actor.close())

test('on the main thread', () => {
  assert.equal(readBlocking({ path }), expected)
})

test('on the main thread, many times in one turn of the event loop', () => {
  for (let round = 0; round < 200; round++) assert.equal(readBlocking({ path }), expected)
})

test('on a worker thread', async () => {
  assert.equal(await within(5000, 'worker', runTask(tasks, 'readBlocking', { path })), expected)
})

test('on a nested worker thread', async () => {
  const read = runTask(tasks, 'readInNestedThread', { path })
  assert.equal(await within(5000, 'nested worker', read), expected)
})

test('on eight worker threads at once', async () => {
  const reads = Array.from({ length: 8 }, () => runTask(tasks, 'readBlocking', { path }))
  const all = await within(10_000, 'workers', Promise.all(reads))
  assert.deepEqual(all, new Array(8).fill(expected))
})

test('on a thread older than the actor, with actor.address', async () => {
  older.worker.postMessage(actor.address)
  const [without, bytes] = await within(5000, 'older thread', older.result)
  assert.equal(without, 'ERR_URING_NO_ACTOR')
  assert.equal(bytes, expected)
})

for (const atomics of ['sync', 'async', 'disabled'] as const) {
  test(`in tasks of a piscina pool, atomics: ${atomics}`, async () => {
    const pool = new Piscina({
      filename: fileURLToPath(tasks),
      minThreads: 2,
      maxThreads: 2,
      atomics,
    })
    try {
      const runs = Array.from({ length: 20 }, () => pool.run({ path }) as Promise<string>)
      const all = await within(10_000, 'piscina tasks', Promise.all(runs))
      assert.deepEqual(all, new Array(20).fill(expected))
    } finally {
      await pool.destroy()
    }
  })
}

test('operations may be posted before the actor has seen the client', async () => {
  const client = connect()
  const [file] = await Promise.all([client.open(path), client.nop(), client.flush()])
  const { bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0)
  assert.equal(bytesRead, 16)
  await client.close()
})

test('a client that is closed at once', async () => {
  await connect().close()
  connect().closeSync()
})

test('values that are no address', () => {
  const { header } = actor.address
  const bad = ['thread 1', 1, {}, { ...actor.address, header: new SharedArrayBuffer(8) }]
  for (const value of bad as unknown as ActorAddress[]) {
    assert.throws(() => connect(value), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  const blank = new SharedArrayBuffer(header.byteLength)
  assert.throws(() => connect({ ...actor.address, header: blank }), { code: 'ERR_URING_VERSION' })
  assert.throws(() => connect({ ...actor.address, protocolVersion: 0 }), {
    code: 'ERR_URING_VERSION',
  })
})

test('the address of another process', () => {
  const address = { ...actor.address, processId: process.ppid }
  assert.throws(() => connect(address), { code: 'ERR_URING_NO_ACTOR', message: /process/ })
})

test('the address of a thread that is not the actor', () => {
  for (const threadId of [999_999, 0, -1, 1.5]) {
    const address = { ...actor.address, threadId }
    assert.throws(() => connect(address), { code: 'ERR_URING_NO_ACTOR', message: /thread/ })
  }
})
