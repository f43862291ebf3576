// 32 clients in several threads that all want more than there is: each gets at least half of its fair
// share. (How greedy ones are kept from taking others' turns: packages/actor/test/turns.test.ts.)
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import type { ShareOrders } from './share-tasks.ts'

const tasks = new URL('./share-tasks.js', import.meta.url)
const CLIENTS = 32
const THREADS = 4

let actor: Actor
before(async () => {
  actor = await spawnActor({ maxClients: CLIENTS, arenaBytes: 2 ** 20, channelDepth: 256 })
})
after(() => actor.close())

/** Operations that each client completed in some time, by depth. */
async function shares(depths: readonly number[], reads: boolean): Promise<number[]> {
  const control = new SharedArrayBuffer(4)
  const path = temporaryFile(4096)
  const each = CLIENTS / THREADS
  const threads = Array.from({ length: THREADS }, (_, thread) => {
    const mine = depths.slice(thread * each, (thread + 1) * each)
    const orders: ShareOrders = { control, path, depths: mine, reads }
    return startTask<void>(tasks, 'keepBusy', orders)
  })
  const busy = async (): Promise<boolean> => {
    const { clients } = await actor.stats()
    return clients.length === CLIENTS && clients.every(({ completed }) => completed > 10)
  }
  assert.ok(await eventually(busy, 30_000), 'all clients work')
  const before = (await actor.stats()).clients.map(({ completed }) => completed)
  await delay(2000)
  const { clients } = await actor.stats()
  Atomics.store(new Int32Array(control), 0, 1)
  await within(60_000, 'the threads', Promise.all(threads.map(({ result }) => result)))
  return clients.map(({ completed }, slot) => completed - before[slot]!)
}

function assertFair(completed: readonly number[], context: { diagnostic(text: string): void }) {
  const fair = completed.reduce((sum, count) => sum + count, 0) / CLIENTS
  const least = Math.min(...completed) / fair
  context.diagnostic(`fair: ${fair.toFixed(0)} operations; the least got ${least.toFixed(2)} of it`)
  assert.ok(least >= 0.5, `${least} of a fair share: ${completed}`)
}

for (const reads of [false, true]) {
  const what = reads ? 'reads' : 'nops'
  test(`${what}: all want the same`, async (context) => {
    assertFair(await shares(new Array(CLIENTS).fill(16), reads), context)
  })
}
