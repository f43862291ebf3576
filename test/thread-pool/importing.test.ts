// Importing is always safe: no addon is loaded, nothing is tried and no thread is started before
// an actor is asked for; and a thread that only uses one never loads the addon.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadCount } from '../support/process-state.ts'

function addonIsLoaded(): boolean {
  const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] }
  assert.ok(sharedObjects.length > 0)
  return sharedObjects.some((path) => path.endsWith('uring_actor.node'))
}

test('importing the packages loads no addon and starts no thread', async () => {
  const threads = threadCount()
  await import('@uring-actor/client')
  const { spawnActor } = await import('@uring-actor/actor')
  assert.equal(addonIsLoaded(), false)
  assert.equal(threadCount(), threads)
  const actor = await spawnActor()
  const client = actor.connect()
  await client.nop()
  assert.equal(addonIsLoaded(), true, 'by the actor, so the test above can tell')
  await client.close()
  await actor.close()
})
