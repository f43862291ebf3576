// maxClients: one more is refused at the call, and a place is free again as soon as one has left,
// in whichever way.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { eventually } from '../support/process-state.ts'
import { runTask, startTask } from '../support/thread.ts'

const tasks = new URL('./client-tasks.js', import.meta.url)
const MAX_CLIENTS = 4
const full = { code: 'ERR_URING_TOO_MANY_CLIENTS', message: /4 clients.*maxClients/ }

let actor: Actor

before(async () => {
  actor = await spawnActor({ maxClients: MAX_CLIENTS })
})
after(() => actor.close())

function connectAll(): Client[] {
  return Array.from({ length: MAX_CLIENTS }, () => connect())
}

/** True when all places are free: taken together, each works, and one more is refused. */
async function assertAllFree(): Promise<void> {
  const clients = connectAll()
  await Promise.all(clients.map((client) => client.nop()))
  assert.throws(() => connect(), full)
  await Promise.all(clients.map((client) => client.close()))
}

test('one client more than maxClients is refused, the others work on', async () => {
  const clients = connectAll()
  assert.throws(() => connect(), full)
  assert.throws(() => actor.connect(), full)
  await Promise.all(clients.map((client) => client.nop()))
  await clients[0]!.close()
  const next = connect()
  await next.nop()
  assert.throws(() => connect(), full)
  await Promise.all([next, ...clients.slice(1)].map((client) => client.close()))
  await assertAllFree()
})

test('places of clients that were closed blocking are free at once', () => {
  for (let round = 0; round < 20; round++) {
    const clients = connectAll()
    assert.throws(() => connect(), full)
    for (const client of clients) client.closeSync()
  }
})

test('another thread is refused too', async () => {
  const clients = connectAll()
  await assert.rejects(runTask(tasks, 'connectAndNop'), { code: 'ERR_URING_TOO_MANY_CLIENTS' })
  await clients[0]!.close()
  assert.equal(await runTask(tasks, 'connectAndNop'), 'done')
  await Promise.all(clients.slice(1).map((client) => client.close()))
})

test('threads that end without closing give their places back', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4))
  for (const end of ['endWithoutClosing', 'exitWithoutClosing', 'exitAtOnce', 'throwConnected']) {
    const threads = Array.from({ length: MAX_CLIENTS }, () => startTask(tasks, end, words))
    await Promise.all(threads.map((thread) => thread.ended))
    const gone = await eventually(async () => (await actor.stats()).clients.length === 0)
    assert.ok(gone, `${end}: clients are left`)
    await assertAllFree()
  }
})

// A connecting thread's message goes by way of the main thread. When that hears of the thread's end
// first, node drops the message, and the actor never hears of the client.
for (const end of ['endAtOnce', 'exitAtOnce', 'throwAtOnce']) {
  test(`places are free when threads ended before the actor could hear of them: ${end}`, async () => {
    const words = new Int32Array(new SharedArrayBuffer(4))
    for (let round = 1; round <= 8; round++) {
      const threads = Array.from({ length: MAX_CLIENTS }, () => startTask(tasks, end))
      Atomics.wait(words, 0, 0, 25 * round)
      await Promise.all(threads.map((thread) => thread.ended))
      const gone = await eventually(async () => (await actor.stats()).clients.length === 0)
      assert.ok(gone, 'clients are left')
      await assertAllFree()
    }
  })
}

test('many threads that race for few places: never more than there are, and none is lost', async () => {
  const threads = Array.from({ length: 12 }, () => startTask(tasks, 'raceForPlace', 40))
  const counts = (await Promise.all(threads.map((thread) => thread.result))) as number[]
  await Promise.all(threads.map((thread) => thread.ended))
  assert.ok(counts.every((count) => count > 0))
  await assertAllFree()
})
