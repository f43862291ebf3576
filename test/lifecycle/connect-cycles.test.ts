// Ten thousand clients, one after the other, leave descriptors, handles and memory where they were.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import {
  collectGarbage,
  handleCounts,
  openDescriptors,
  residentBytes,
  threadCount,
} from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'

const path = temporaryFile(4096)
const CYCLES = 10_000
/** Until then V8 has given the young generation of this thread its full size, some 24 MiB. */
const WARM_UP_CYCLES = 5000
const GROWTH_BYTES_MAX = 12 * 2 ** 20

let actor: Actor
before(async () => {
  actor = await spawnActor({ maxClients: 16 })
})
after(() => actor.close())

interface State {
  descriptors: number
  threads: number
  handles: Record<string, number>
  resident: number
}

async function state(): Promise<State> {
  await collectGarbage()
  return {
    descriptors: openDescriptors(),
    threads: threadCount(),
    handles: handleCounts(),
    resident: residentBytes(),
  }
}

async function assertAsBefore(before: State): Promise<void> {
  const now = await state()
  assert.equal(now.descriptors, before.descriptors)
  // The pools of libuv and of the kernel may have grown by then.
  assert.ok(now.threads <= before.threads + 4, `${now.threads} threads, ${before.threads} before`)
  assert.deepEqual(now.handles, before.handles)
  const grown = now.resident - before.resident
  assert.ok(grown < GROWTH_BYTES_MAX, `${(grown / 2 ** 20).toFixed(1)} MiB more resident`)
  const { clients, inFlight, openFiles } = await actor.stats()
  assert.deepEqual([clients.length, inFlight, openFiles], [0, 0, 0])
}

/** One client; every tenth opens a file and leaves it to close() to close it. */
async function cycle(round: number): Promise<void> {
  const client = connect()
  if (round % 10 === 0) {
    const file = await client.open(path, 'r')
    await file.read(Buffer.alloc(512), 0, 512, 0)
  } else {
    await client.nop()
  }
  await client.close()
}

test('connecting and closing 10,000 times, by promises and blocking', async () => {
  for (let round = 0; round < WARM_UP_CYCLES; round++) await cycle(round)
  const before = await state()
  for (let round = 0; round < CYCLES; round++) {
    if (round % 4 === 0) {
      const client = connect()
      client.nopSync()
      client.closeSync()
    } else {
      await cycle(round)
    }
  }
  await assertAsBefore(before)
})

test('fifteen clients at a time', async () => {
  const before = await state()
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 15 }, (_, index) => cycle(index)))
  }
  await assertAsBefore(before)
})
