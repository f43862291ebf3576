// actor.close() with clients at work: what was accepted finishes, what comes later is refused, and
// whoever waits hears that the actor has ended, asleep in the event loop or blocked.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { codeOf, within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { descriptorsOf, eventually, openDescriptors } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import { workerOf } from '../support/watched-workers.ts'

const tasks = new URL('./client-tasks.js', import.meta.url)
const ended = /^ERR_URING_ACTOR_(CLOSING|EXITED)$/

test('writes that were accepted are finished, and their callers hear it', async () => {
  const actor = await spawnActor()
  const client = connect()
  const target = path.join(temporaryDirectory(), 'writes')
  const file = await client.open(target, 'w')
  const bytes = patternBytes(400 * 4096)
  const writes = Array.from({ length: 400 }, (_, index) =>
    file.write(bytes, index * 4096, 4096, index * 4096),
  )
  const outcomes = Promise.allSettled(writes)
  // The actor has taken them when the no-op behind them has come back.
  await client.nop()
  await actor.close()
  for (const outcome of await outcomes) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
  assert.ok(readFileSync(target).equals(bytes))
})

test('every write is either done or refused, whenever the close comes', async () => {
  const target = path.join(temporaryDirectory(), 'writes')
  for (let round = 0; round < 10; round++) {
    const actor = await spawnActor()
    const client = connect()
    const file = await client.open(target, 'w+')
    const bytes = Buffer.alloc(4096, round + 1)
    const writes = Array.from({ length: 200 }, (_, index) =>
      file.write(bytes, 0, 4096, index * 4096),
    )
    const outcomes = Promise.allSettled(writes)
    if (round % 2 === 0) await delay(round / 4)
    await actor.close()
    const content = readFileSync(target)
    for (const [index, outcome] of (await within(3000, 'outcomes', outcomes)).entries()) {
      if (outcome.status === 'rejected') assert.match(outcome.reason.code, ended)
      else assert.ok(content.subarray(index * 4096, (index + 1) * 4096).equals(bytes))
    }
  }
})

for (const way of ['close', 'closeSync'] as const) {
  test(`a client's ${way} while the actor closes is no error`, async () => {
    const actor = await spawnActor()
    const pipe = new SlowPipe()
    const [slow, client] = [connect(), connect()]
    const file = await slow.open(pipe.path, 'r+')
    // The actor waits for this one.
    const read = file.read(Buffer.alloc(16))
    await slow.nop()
    const closing = actor.close()
    const refuses = async () => (await codeOf(() => client.nop())) === 'ERR_URING_ACTOR_CLOSING'
    assert.ok(await eventually(refuses, 2000))
    await client[way]()
    assert.equal(client.closed, true)
    pipe.feed(16)
    assert.equal((await within(2000, 'the read', read)).bytesRead, 16)
    await within(2000, 'close', closing)
    pipe.close()
  })
}

test('a pipe that is fed while the actor closes completes its read', async () => {
  const actor = await spawnActor()
  const client = connect()
  const pipe = new SlowPipe()
  const file = await client.open(pipe.path, 'r+')
  const read = file.read(Buffer.alloc(16))
  await client.nop()
  const closing = actor.close()
  await delay(100)
  pipe.feed(16)
  assert.equal((await within(2000, 'the read', read)).bytesRead, 16)
  await within(2000, 'close', closing)
  pipe.close()
})

test('afterwards a client rejects, and so do its files', async () => {
  const actor = await spawnActor()
  const client = connect()
  const file = await client.open(temporaryFile(4096), 'r')
  await actor.close()
  const code = 'ERR_URING_ACTOR_EXITED'
  const calls: Array<() => unknown> = [
    () => client.nop(),
    () => client.nopSync(),
    () => client.open('/dev/null'),
    () => client.openSync('/dev/null'),
    () => client.flush(),
    () => client.alloc(4096),
    () => client.stats(),
    () => client.actorStats(),
    () => client.chain((chain) => chain.nop()),
    () => file.read(Buffer.alloc(8), 0, 8, 0),
    () => file.readSync(Buffer.alloc(8), 0, 8, 0),
    () => file.stat(),
    () => file.close(),
    () => actor.stats(),
    () => actor.connect(),
  ]
  for (const call of calls) {
    assert.equal(await within(2000, String(call), codeOf(call)), code, String(call))
  }
  assert.equal(client.closed, true)
  await client.close()
  client.closeSync()
})

test('a thread that waits hears of it, asleep or blocked; so do new clients', async () => {
  const actor = await spawnActor()
  const { address } = actor
  const pipe = new SlowPipe()
  const asleep = startTask<string>(tasks, 'waitForEnd', { path: pipe.path, reads: 4 })
  const blocked = startTask<string>(tasks, 'blockUntilEnd', { path: pipe.path, reads: 1 })
  await Promise.all([once(asleep.worker, 'message'), once(blocked.worker, 'message')])
  await delay(50)
  const descriptors = openDescriptors()
  const closing = actor.close()
  // An empty pipe never completes its reads, so the close waits as long as it may, then cancels.
  assert.match(
    (await codeOf(() => within(100, 'close', closing))) ?? 'closed',
    /nothing after 100 ms/,
  )
  assert.throws(() => connect(address), { code: 'ERR_URING_ACTOR_CLOSING' })
  await within(15_000, 'close', closing)
  assert.throws(() => connect(address), { code: 'ERR_URING_ACTOR_EXITED' })
  const told = /ERR_URING_ACTOR_EXITED|ECANCELED/
  assert.match(await within(2000, 'the thread asleep', asleep.result), told)
  assert.match(await within(2000, 'the blocked thread', blocked.result), told)
  assert.equal(descriptorsOf(pipe.path), 1)
  assert.ok(openDescriptors() < descriptors)
  pipe.close()
})

test('a client that connects while the actor closes hears the true reason', async () => {
  for (let round = 0; round < 10; round++) {
    const actor = await spawnActor()
    const { address } = actor
    const closing = actor.close()
    const code = await codeOf(async () => {
      const client = connect(address)
      await within(3000, 'nop', client.nop())
    })
    // It may still have been served.
    assert.ok(code === null || ended.test(code), String(code))
    await closing
  }
})

test('a question to the control plane that nobody answers any more rejects', async () => {
  const actor = await spawnActor()
  const [leaving, staying] = [connect(), connect()]
  const answered = codeOf(() => leaving.stats())
  await leaving.close()
  // The answer may have come in time.
  assert.match(
    (await within(2000, 'stats of a closed client', answered)) ?? 'ERR_URING_CLIENT_CLOSED',
    /^ERR_URING_CLIENT_CLOSED$/,
  )
  await staying.stats()
  const worker = workerOf(actor.address.threadId)
  const asked = [codeOf(() => staying.stats()), codeOf(() => staying.actorStats())]
  await worker.terminate()
  for (const code of await within(2000, 'stats of an actor that ended', Promise.all(asked))) {
    assert.match(code ?? 'ERR_URING_ACTOR_EXITED', /^ERR_URING_ACTOR_EXITED$/)
  }
})

test("an actor's thread that ends by itself is noticed by everybody", async () => {
  const actor = await spawnActor()
  const pipe = new SlowPipe()
  const client = connect()
  const file = await client.open(pipe.path, 'r+')
  const read = codeOf(() => file.read(Buffer.alloc(8)))
  const blocked = startTask<string>(tasks, 'blockUntilEnd', { path: pipe.path, reads: 1 })
  await once(blocked.worker, 'message')
  await workerOf(actor.address.threadId).terminate()
  assert.equal(await within(3000, 'the read', read), 'ERR_URING_ACTOR_EXITED')
  assert.match(await within(3000, 'the blocked thread', blocked.result), /ERR_URING_ACTOR_EXITED/)
  assert.equal(actor.closed, true)
  await assert.rejects(actor.stats(), { code: 'ERR_URING_ACTOR_EXITED' })
  await actor.close()
  const next = await spawnActor()
  await next.connect().nop()
  await next.close()
  pipe.close()
})
