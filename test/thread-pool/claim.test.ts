// One actor per process also where no addon can keep the claim: threads that know nothing of each
// other ask each other.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, type TestContext, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { withoutAddon } from '../support/engine.ts'
import type { ClaimAnswer } from './claim-thread.ts'

before(withoutAddon)

/** Each takes about a third of a second. */
const ROUNDS = 12

/**
 * A thread that is there already, and so inherits nothing that comes later. It ends with the test,
 * also with one that fails: a thread that listens would keep the process.
 */
async function startThread(context: TestContext): Promise<Worker> {
  const worker = new Worker(new URL('./claim-thread.js', import.meta.url))
  context.after(() => worker.terminate())
  await once(worker, 'message')
  return worker
}

async function ask(worker: Worker, order: 'spawn' | 'close'): Promise<ClaimAnswer> {
  worker.postMessage(order)
  const [answer] = (await once(worker, 'message')) as [ClaimAnswer]
  return answer
}

test('a thread that is older than the actor cannot spawn a second one', async (context) => {
  const worker = await startThread(context)
  const actor = await spawnActor()
  assert.deepEqual(await ask(worker, 'spawn'), { code: 'ERR_URING_ACTOR_EXISTS', engine: null })
  await actor.close()
  assert.deepEqual(await ask(worker, 'spawn'), { code: null, engine: 'threadpool' })
  await assert.rejects(spawnActor(), { code: 'ERR_URING_ACTOR_EXISTS' })
  await ask(worker, 'close')
  const again = await spawnActor()
  await again.close()
})

test('of threads that spawn at the same time one has its actor', async (context) => {
  const workers = await Promise.all([1, 2, 3].map(() => startThread(context)))
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(workers.map((worker) => ask(worker, 'spawn')))
    const codes = answers.map(({ code }) => code)
    assert.equal(codes.filter((code) => code === null).length, 1, String(codes))
    assert.equal(codes.filter((code) => code === 'ERR_URING_ACTOR_EXISTS').length, 2)
    await Promise.all(workers.map((worker) => ask(worker, 'close')))
  }
})
