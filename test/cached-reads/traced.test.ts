// Reads that a client makes itself are in the figures, the spans and the counts as any others: all of
// their time is in the kernel, and all of it is this thread's own.
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { type OperationSpan, TRACING_CHANNEL } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'

const BLOCK = 4096
/** What distributions tell for no time at all, in microseconds: the middle of their first bucket. */
const SHORTEST = 1 / 32
const path = temporaryFile(16 * BLOCK)
const tasks = new URL('./tasks.js', import.meta.url)

test('they are in the figures of their client and of all', async () => {
  await using actor = await spawnActor({ trace: 'histogram' })
  const client = actor.connect()
  const file = await client.open(path)
  for (let n = 0; n < 100; n++) await file.read(Buffer.alloc(BLOCK), 0, BLOCK, (n % 16) * BLOCK)
  const { total, busy, idle, queue, batch, kernel, delivery } = client.latency().read!
  for (const { count } of [total, busy, idle, queue, batch, kernel, delivery]) {
    assert.equal(count, 100)
  }
  // Three of a hundred had to wait for a turn of the event loop; the others for nothing.
  for (const { p90 } of [queue, batch, delivery, idle]) assert.ok(p90 <= SHORTEST, `${p90}`)
  const isSum = (one: number, other: number): boolean => Math.abs(one + other - total.mean) < 0.01
  assert.ok(isSum(kernel.mean, delivery.mean) && isSum(busy.mean, idle.mean))
  assert.ok(busy.mean >= kernel.mean && kernel.p50 <= total.p50)
  assert.ok(total.p50 > 0 && delivery.max > 0)
  const { operations, cachedReads, bytesRead } = await client.stats()
  assert.deepEqual([cachedReads, bytesRead], [100, 100 * BLOCK])
  assert.deepEqual([operations.read!.count, operations.read!.bytes], [100, 100 * BLOCK])
  const all = await actor.stats()
  assert.deepEqual([all.cachedReads, all.operations.read!.count], [100, 100])
  assert.equal(all.operations.read!.kernel.count, 100)
})

test('they are counted without a clock at the level ‘off’', async () => {
  await using actor = await spawnActor({ trace: 'off' })
  const client = actor.connect()
  const file = await client.open(path)
  for (let n = 0; n < 50; n++) await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
  assert.equal(client.latency().read, undefined)
  assert.equal((await client.stats()).cachedReads, 50)
})

test('they have spans, with their stages and in their caller’s context', async () => {
  await using actor = await spawnActor({ trace: 'span' })
  const client = actor.connect()
  const file = await client.open(path)
  const events: Array<[string, OperationSpan]> = []
  const heard = (name: string) => (span: unknown) => {
    const read = span as OperationSpan
    if (read.operation === 'read') events.push([name, read])
  }
  const subscribers = {
    start: heard('start'),
    end: heard('end'),
    asyncStart: heard('asyncStart'),
    asyncEnd: heard('asyncEnd'),
    error: heard('error'),
  }
  const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
  channel.subscribe(subscribers)
  await file.read(Buffer.alloc(100), 0, 100, 500)
  file.readSync(Buffer.alloc(10), 0, 10, 70)
  channel.unsubscribe(subscribers)
  assert.equal((await client.stats()).cachedReads, 2)
  const names = events.map(([name]) => name)
  assert.deepEqual(names, ['start', 'end', 'asyncStart', 'asyncEnd', 'start', 'end'])
  for (const [span, position, length, blocking] of [
    [events[0]![1], 500, 100, false],
    [events[4]![1], 70, 10, true],
  ] as const) {
    assert.equal(span.file, path)
    assert.deepEqual([span.position, span.length, span.result], [position, length, length])
    assert.equal(span.blocking, blocking)
    const { total, kernel, busy, idle, queue, batch, delivery } = span.stages!
    assert.deepEqual([queue, batch, delivery, idle], [0, 0, 0, 0])
    assert.ok(total > 0 && kernel === total && busy === total)
  }
})

test('a client that has died, or left, stays in the totals with all that it had read', async () => {
  await using actor = await spawnActor()
  const expected = { reads: 0 }
  for (const end of ['exit', 'close'] as const) {
    const task = startTask<number>(tasks, 'readAndEnd', { path, reads: 1000, end })
    expected.reads += 1000
    await task.ended
  }
  while ((await actor.stats()).clients.length > 0) await new Promise(setImmediate)
  const { cachedReads, operations } = await actor.stats()
  assert.equal(operations.read!.count, expected.reads)
  assert.ok(cachedReads > expected.reads / 2, `${cachedReads}`)
  assert.equal(operations.read!.total.count, expected.reads)
  assert.equal(operations.read!.bytes, expected.reads * BLOCK)
})
