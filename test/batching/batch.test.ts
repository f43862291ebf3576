// Micro-batching that is real: what waits goes down together, and the statistics say so.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type ActorStats, type Client, connect, type UringFile } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import { readSteadily } from './load.ts'
import type { LoadOrders } from './load-tasks.ts'

const tasks = new URL('./load-tasks.js', import.meta.url)
const FILE_BYTES = 16 * 2 ** 20
const path = temporaryFile(FILE_BYTES)

let actor: Actor
let client: Client
let file: UringFile
before(async () => {
  actor = await spawnActor()
  client = connect()
  file = await client.open(path, 'r')
})
after(async () => {
  await client.close()
  await actor.close()
})

function batchBetween(before: ActorStats, now: ActorStats): number {
  return (now.submitted - before.submitted) / (now.enters - before.enters)
}

test('32 reads in flight of a warm file: at least 4 operations per enter', async () => {
  await readSteadily(file, FILE_BYTES, 4000, 32)
  const before = await actor.stats()
  await readSteadily(file, FILE_BYTES, 8000, 32)
  const now = await actor.stats()
  const batch = batchBetween(before, now)
  // The first ones find little under way, and are read from the page cache by the client.
  const cached = now.cachedReads - before.cachedReads
  assert.equal(now.submitted - before.submitted + cached, 8000)
  assert.ok(cached < 100, `${cached} of 8000`)
  assert.ok(batch >= 4, `${batch.toFixed(2)} operations per enter`)
  assert.ok(now.operationsPerEnter >= 4, `${now.operationsPerEnter.toFixed(2)} since the start`)
})

test('more in flight makes no smaller batches', async () => {
  for (const depth of [64, 128, 512]) {
    const before = await actor.stats()
    await readSteadily(file, FILE_BYTES, 8000, depth)
    const batch = batchBetween(before, await actor.stats())
    assert.ok(batch >= 4, `${batch.toFixed(2)} operations per enter with ${depth} in flight`)
  }
})

test('a batch asked for by one promise goes down as one', async () => {
  const positions = Array.from({ length: 32 }, (_, index) => index * 4096)
  await file.readMany(positions, 4096)
  const before = await actor.stats()
  for (let round = 0; round < 50; round++) await file.readMany(positions, 4096)
  const batch = batchBetween(before, await actor.stats())
  assert.ok(batch >= 4, `${batch.toFixed(2)} operations per enter`)
})

test('a call that only waits is no submission, and makes no batch smaller', async () => {
  const before = await actor.stats()
  for (let round = 0; round < 100; round++) {
    await Promise.all([client.nop(), client.nop(), client.nop()])
    // It goes to sleep in the kernel meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const now = await actor.stats()
  assert.equal(now.submitted - before.submitted, 300)
  const submissions = now.submissions - before.submissions
  assert.ok(submissions >= 100 && submissions <= 300, `${submissions} submissions`)
  assert.ok(now.enters - before.enters > submissions, 'it has waited too')
  assert.equal(now.operationsPerEnter, now.submitted / now.submissions)
  assert.match(String(now), new RegExp(`; ${now.submissions} submissions of \\d+\\.\\d, `))
})

test('clients add up to the total, whether they are there or have left', async () => {
  const before = await actor.stats()
  const leaving = connect()
  const other = await leaving.open(path, 'r')
  await Promise.all([
    readSteadily(other, FILE_BYTES, 500, 8),
    readSteadily(file, FILE_BYTES, 700, 32),
  ])
  await assertRejects(() => leaving.open('/nonexistent/file', 'r'))
  const stats = await leaving.stats()
  assert.equal(stats.bytesRead, 500 * 4096)
  assert.equal(stats.errors, 1)
  assert.equal(stats.taken + stats.cachedReads, stats.completed + stats.inFlight)
  assert.ok(stats.cachedReads > 400, `${stats.cachedReads} of 500`)
  const together = await actor.stats()
  assert.equal(together.clients.length, 2)
  const sum = (field: 'completed' | 'cachedReads' | 'errors' | 'wakes'): number =>
    together.clients.reduce((total, each) => total + each[field], 0)
  assert.equal(together.completed, sum('completed'))
  assert.equal(together.errors, sum('errors'))
  assert.equal(together.cachedReads, sum('cachedReads'))
  assert.equal(together.wakes, sum('wakes'))
  assert.equal(together.inFlight, 0)
  assert.equal(together.completed - before.completed, 500 + 700 + 2)
  await leaving.close()
  const later = await actor.stats()
  assert.equal(later.clients.length, 1)
  assert.equal(later.errors, together.errors)
  assert.equal(later.cachedReads, together.cachedReads)
  // All that it had done, and its leaving.
  assert.equal(later.completed, together.completed + 1)
})

async function assertRejects(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(call, { code: 'ENOENT' })
}

test('sleeps are counted: an idle actor parks, a waiting one blocks', async () => {
  await new Promise((resolve) => setTimeout(resolve, 100))
  const { parks, overflow, maxInFlight, wakes, busyMicros, idleMicros } = await actor.stats()
  assert.ok(parks > 0)
  assert.ok(wakes > 0)
  // Warm reads complete inside the call that submits them, so a slice is all that is ever in flight.
  assert.ok(maxInFlight >= 8, `${maxInFlight} in flight at most`)
  assert.equal(overflow, 0)
  assert.ok(busyMicros > 0 && idleMicros > 0)
})

test('two threads at once are both served: each at least half of its share', async () => {
  const word = new Int32Array(new SharedArrayBuffer(8))
  const orders: LoadOrders = { path, fileBytes: FILE_BYTES, depth: 32, word }
  const threads = [1, 2].map(() => startTask<number>(tasks, 'readUntilTold', orders))
  while (Atomics.load(word, 1) < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 1500))
  Atomics.store(word, 0, 1)
  const counts = await Promise.all(threads.map((thread) => thread.result))
  const share = counts.reduce((sum, count) => sum + count, 0) / counts.length
  for (const count of counts) assert.ok(count >= share / 2, counts.join(' and '))
})

test('a client with one operation at a time is served beside one with 512 in flight', async () => {
  const word = new Int32Array(new SharedArrayBuffer(8))
  const orders: LoadOrders = { path, fileBytes: FILE_BYTES, depth: 512, word }
  const heavy = startTask<number>(tasks, 'readUntilTold', orders)
  while (Atomics.load(word, 1) < 1) await new Promise((resolve) => setTimeout(resolve, 5))
  const waits: number[] = []
  for (let round = 0; round < 200; round++) {
    const began = performance.now()
    await file.read(Buffer.alloc(4096), 0, 4096, round * 4096)
    waits.push(performance.now() - began)
  }
  Atomics.store(word, 0, 1)
  assert.ok((await heavy.result) > 0)
  const median = waits.sort((a, b) => a - b)[100]!
  assert.ok(median < 20, `${median.toFixed(1)} ms for one read`)
})
