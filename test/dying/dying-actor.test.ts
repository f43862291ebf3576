// The actor's thread dies, by each way there is, while clients wait for it: asleep in the main
// thread, in a worker and in a pool, and blocked in a worker and in the main thread. Each of them is
// told within a second, another actor can be spawned, and fifty times of it leave nothing behind.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { Piscina } from 'piscina'
import { codeOf, within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import {
  collectGarbage,
  eventually,
  openDescriptors,
  threadCount,
} from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import { workerOf } from '../support/watched-workers.ts'
import { type WaitReport, waitAsleep } from './actor-tasks.ts'
import { inActorOf } from './in-actor.ts'

const tasks = new URL('./actor-tasks.js', import.meta.url)
const TOLD_MILLIS = 1000

const ends: Array<[name: string, end: (actor: Actor) => void]> = [
  ['terminate()', (actor) => void workerOf(actor.address.threadId).terminate()],
  ['an exception in it', (actor) => inActorOf(actor, 'throw')],
  ['a rejection that nobody handles', (actor) => inActorOf(actor, 'reject')],
  ['process.exit() in it', (actor) => inActorOf(actor, 'exit')],
]

// An actor that ends with an error says so, once.
const warnings: Error[] = []
process.on('warning', (warning) => warnings.push(warning))

for (const [name, end] of ends) {
  test(`everybody who waits is told of ${name}`, async () => {
    const actor = await spawnActor()
    const pipe = new SlowPipe()
    const pool = new Piscina({
      filename: new URL('./pool-task.js', import.meta.url).href,
      maxThreads: 1,
    })
    const asleep = startTask<WaitReport>(tasks, 'waitAsleep', pipe.path)
    const blocked = startTask<WaitReport>(tasks, 'waitBlocked', pipe.path)
    const here = waitAsleep(pipe.path)
    const pooled = pool.run(pipe.path) as Promise<WaitReport>
    await Promise.all([once(asleep.worker, 'message'), once(blocked.worker, 'message')])
    // All of them have read: 3 x 40, and the one that blocks.
    const inFlight = async () => (await actor.stats()).inFlight >= 3 * 40 + 1
    assert.ok(await eventually(inFlight, 10_000))
    warnings.length = 0
    const endedAt = performance.timeOrigin + performance.now()
    end(actor)
    const waits = { asleep: asleep.result, blocked: blocked.result, here, pooled }
    for (const [who, result] of Object.entries(waits)) {
      const { codes, toldAt } = await within(10_000, who, result)
      assert.deepEqual(codes, ['ERR_URING_ACTOR_EXITED'], who)
      const millis = toldAt - endedAt
      assert.ok(millis < TOLD_MILLIS, `${who} was told after ${Math.round(millis)} ms`)
    }
    assert.equal(await codeOf(() => connect(actor.address)), 'ERR_URING_ACTOR_EXITED')
    await within(10_000, 'close', actor.close())
    const next = await spawnActor()
    await next.connect().nop()
    await next.close()
    await pool.destroy()
    pipe.close()
    const byError = name.includes('exception') || name.includes('rejection')
    assert.deepEqual(
      warnings.map((warning) => (warning as NodeJS.ErrnoException).code),
      byError ? ['ERR_URING_ACTOR_EXITED'] : [],
    )
  })
}

test('the main thread, blocked in a synchronous call, is told too', async () => {
  for (const how of ['throw', 'exit'] as const) {
    const actor = await spawnActor()
    const pipe = new SlowPipe()
    const file = connect().openSync(pipe.path, 'r+')
    inActorOf(actor, how, 100)
    const began = performance.now()
    assert.throws(() => file.readSync(Buffer.alloc(64)), { code: 'ERR_URING_ACTOR_EXITED' })
    const millis = performance.now() - began
    assert.ok(millis < 100 + TOLD_MILLIS, `told after ${Math.round(millis)} ms`)
    await actor.close()
    pipe.close()
  }
})

test('fifty actors that die with operations in flight leave nothing behind', async () => {
  const path = temporaryFile(1 << 20)
  const pipe = new SlowPipe()
  const cycle = async (round: number): Promise<void> => {
    const actor = await spawnActor({ queueDepth: 64, arenaBytes: 1 << 20 })
    const client = connect()
    const [file, empty] = [await client.open(path, 'r+'), await client.open(pipe.path, 'r+')]
    const bytes = Buffer.alloc(4096, round)
    const operations = Array.from({ length: 30 }, (_, index) => [
      codeOf(() => empty.read(Buffer.alloc(8))),
      codeOf(() => file.writeDurable(bytes, 0, 4096, index * 4096)),
      codeOf(() => file.read(Buffer.alloc(4096), 0, 4096, index * 4096)),
    ]).flat()
    if (round % 3 > 0) await delay(round % 3)
    ends[round % ends.length]![1](actor)
    for (const code of await within(10_000, 'operations', Promise.all(operations))) {
      assert.ok(code === null || code === 'ERR_URING_ACTOR_EXITED', String(code))
    }
    await within(10_000, 'close', actor.close())
  }
  for (let round = 0; round < 4; round++) await cycle(round)
  await collectGarbage()
  const [descriptors, threads] = [openDescriptors(), threadCount()]
  for (let round = 0; round < 50; round++) await cycle(round)
  await collectGarbage()
  assert.ok(await eventually(() => openDescriptors() <= descriptors), 'descriptors are left')
  // Kernel workers of a ring that is gone end a little later.
  assert.ok(await eventually(() => threadCount() <= threads, 10_000), 'threads are left')
  pipe.close()
})
