// An actor that was closed is gone: fifty of them, one after the other, leave no descriptor, no
// thread, no handle and no memory behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import {
  collectGarbage,
  eventually,
  handleCounts,
  openDescriptors,
  residentBytes,
  threadCount,
} from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'

const path = temporaryFile(8192)

async function useClient(client: Client): Promise<void> {
  const file = await client.open(path, 'r')
  const { bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 4096)
  assert.equal(bytesRead, 4096)
}

/** One life; every other time the client is left for the actor's close to deal with. */
async function live(round: number): Promise<void> {
  const actor = await spawnActor()
  const client = connect()
  await useClient(client)
  if (round % 2 === 0) await client.close()
  await actor.close()
  assert.ok(await eventually(() => client.closed))
}

test('fifty lives leave descriptors, threads, handles and memory where they were', async () => {
  for (let round = 0; round < 6; round++) await live(round)
  await collectGarbage()
  const descriptors = openDescriptors()
  const threads = threadCount()
  const handles = handleCounts()
  const resident = residentBytes()
  for (let round = 0; round < 50; round++) await live(round)
  await collectGarbage()
  await eventually(() => threadCount() <= threads && openDescriptors() <= descriptors)
  assert.equal(openDescriptors(), descriptors)
  assert.equal(threadCount(), threads)
  assert.deepEqual(handleCounts(), handles)
  const grown = (residentBytes() - resident) / 2 ** 20
  assert.ok(grown < 16, `${grown.toFixed(1)} MiB more resident after 50 lives`)
})

test('the options of each life are its own', async () => {
  for (const maxClients of [1, 2, 3]) {
    const actor = await spawnActor({ maxClients })
    const clients = Array.from({ length: maxClients }, () => connect())
    assert.throws(() => connect(), { code: 'ERR_URING_TOO_MANY_CLIENTS' })
    await Promise.all(clients.map((client) => client.close()))
    await actor.close()
  }
})

test("a closed actor's address leads nowhere, also when another actor lives", async () => {
  const first = await spawnActor()
  const { address } = first
  await first.close()
  assert.throws(() => connect(address), { code: 'ERR_URING_ACTOR_EXITED' })
  assert.throws(() => connect(), { code: 'ERR_URING_NO_ACTOR' })
  const second = await spawnActor()
  assert.throws(() => connect(address), { code: 'ERR_URING_ACTOR_EXITED' })
  await useClient(connect())
  await second.close()
})
