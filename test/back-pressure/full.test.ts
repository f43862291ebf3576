// More than there is room for: whoever awaits waits for his turn. Nothing fails, nothing grows but the
// caller's own promises, and what is in flight never exceeds the completion queue.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { collectGarbage, residentBytes } from '../support/process-state.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'

const QUEUE_DEPTH = 16
const CHANNEL_DEPTH = 64
const MAX_CLIENTS = 32
const ARENA_BYTES = 2 ** 20
/** Rows that each client can count on are there besides the queue depth. */
const ROWS = QUEUE_DEPTH + 4 * MAX_CLIENTS
const path = temporaryFile(2 ** 20)

let actor: Actor
before(async () => {
  actor = await spawnActor({
    queueDepth: QUEUE_DEPTH,
    channelDepth: CHANNEL_DEPTH,
    maxClients: MAX_CLIENTS,
    arenaBytes: ARENA_BYTES,
  })
})
after(() => actor.close())

async function assertNoOverflow(): Promise<void> {
  const { overflow, maxInFlight } = await actor.stats()
  assert.equal(overflow, 0)
  assert.ok(maxInFlight <= ROWS, `${maxInFlight} in flight of ${ROWS}`)
}

test('a full channel: a hundred times as many operations as it has slots', async () => {
  const client = connect()
  const file = await client.open(path, 'r')
  let most = 0
  const all = Array.from({ length: 100 * CHANNEL_DEPTH }, async (_, index) => {
    if (index % 3 === 0) return client.nop()
    const at = (index % 256) * 4096
    const { buffer } = await file.read(Buffer.alloc(64), 0, 64, at)
    assert.ok(buffer.equals(patternBytes(64, at)))
  })
  const watching = (async () => {
    for (let look = 0; look < 20; look++) most = Math.max(most, (await client.stats()).inFlight)
  })()
  await within(60_000, 'all of them', Promise.all(all))
  await watching
  assert.ok(most <= CHANNEL_DEPTH, `${most} in flight`)
  await file.close()
  await client.close()
  await assertNoOverflow()
})

test('a full arena: reads wait for memory, in their order, and all are served', async () => {
  const client = connect()
  const file = await client.open(path, 'r')
  const length = ARENA_BYTES / 4
  const order: number[] = []
  const all = Array.from({ length: 64 }, async (_, index) => {
    const { bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
    assert.equal(bytesRead, length)
    order.push(index)
  })
  await within(60_000, 'all of them', Promise.all(all))
  assert.equal(order.length, 64)
  await file.close()
  await client.close()
})

test('an arena that leases fill: a read waits until one is released', async () => {
  const client = connect()
  const file = await client.open(path, 'r')
  const leases = Array.from({ length: ARENA_BYTES / 4096 }, () => client.alloc(4096))
  let done = false
  // At the file's own position, which only the actor knows: no other way is open.
  const reading = file.read(Buffer.alloc(4096), 0, 4096, null).then(() => {
    done = true
  })
  await client.nop()
  assert.equal(done, false)
  leases.pop()?.release()
  await within(10_000, 'the read', reading)
  for (const lease of leases) lease.release()
  await file.close()
  await client.close()
})

test('100,000 reads at once: memory is the promises and no more', async (context) => {
  const count = 100_000
  const client = connect()
  const file = await client.open(path, 'r')
  const buffer = Buffer.alloc(512)
  await Promise.all(Array.from({ length: 1000 }, () => file.read(buffer, 0, 512, 0)))
  await collectGarbage()
  const before = residentBytes()
  const reads = Array.from({ length: count }, () => file.read(buffer, 0, 512, 0))
  const posted = residentBytes() - before
  const { inFlight } = await client.stats()
  assert.ok(inFlight <= CHANNEL_DEPTH, `${inFlight} in flight`)
  await within(120_000, 'all of them', Promise.all(reads))
  const most = process.resourceUsage().maxRSS * 1024 - before
  reads.length = 0
  await collectGarbage()
  const left = residentBytes() - before
  const perRead = (bytes: number): string => `${(bytes / count).toFixed(0)} bytes a read`
  context.diagnostic(`waiting: ${perRead(posted)}; at most: ${perRead(most)}; left: ${left} bytes`)
  // A promise with its closures and the steps of one waiting operation, and the garbage of all.
  assert.ok(most < 6 * 1024 * count, perRead(most))
  await file.close()
  await client.close()
})

test('32 clients, full, with slow and fast operations: the completion queue never overflows', async () => {
  const pipe = new SlowPipe()
  const clients = Array.from({ length: MAX_CLIENTS }, () => connect())
  let slow = 0
  async function load(client: Client, index: number): Promise<void> {
    const file = await client.open(path, 'r')
    const stuck = index % 2 === 0 ? await client.open(pipe.path, 'r+') : null
    const all: Array<Promise<unknown>> = []
    for (let count = 0; count < 3 * CHANNEL_DEPTH; count++) {
      if (stuck !== null && count % 8 === 0 && ++slow > 0) all.push(stuck.read(Buffer.alloc(1)))
      else if (count % 2 === 0) all.push(client.nop())
      else all.push(file.read(Buffer.alloc(4096), 0, 4096, (count % 256) * 4096))
    }
    await Promise.all(all)
    await stuck?.close()
    await file.close()
  }
  const loads = Promise.all(clients.map(load))
  await new Promise((resolve) => setTimeout(resolve, 500))
  await assertNoOverflow()
  pipe.feed(slow)
  await within(60_000, 'all of them', loads)
  await assertNoOverflow()
  await Promise.all(clients.map((client) => client.close()))
  pipe.close()
})
