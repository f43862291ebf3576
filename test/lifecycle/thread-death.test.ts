// A thread that dies with operations in flight: its files are closed, its place is free again, and
// nobody else notices.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { descriptorsOf, eventually } from '../support/process-state.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'
import { startTask, type TaskThread } from '../support/thread.ts'

const tasks = new URL('./client-tasks.js', import.meta.url)

let actor: Actor
let bystander: Client
before(async () => {
  actor = await spawnActor({ maxClients: 2 })
  bystander = connect()
})
after(async () => {
  await bystander.close()
  await actor.close()
})

async function startHolding(task: string, path: string, reads: number): Promise<TaskThread<void>> {
  const thread = startTask<void>(tasks, task, { path, reads })
  const [said] = await within(5000, task, once(thread.worker, 'message'))
  assert.equal(said, 'holding')
  return thread
}

/** Reads without pause, and checks every byte, until it is told to stop. */
async function readUntil(stop: Promise<unknown>): Promise<number> {
  const file = await bystander.open(temporaryFile(65536), 'r')
  const expected = patternBytes(65536)
  let [stopped, reads] = [false, 0]
  void stop.then(() => {
    stopped = true
  })
  while (!stopped) {
    const position = (reads % 16) * 4096
    const { buffer } = await file.read(Buffer.alloc(4096), 0, 4096, position)
    assert.ok(buffer.equals(expected.subarray(position, position + 4096)))
    reads++
  }
  await file.close()
  return reads
}

async function assertGone(path: string): Promise<void> {
  assert.ok(await eventually(() => descriptorsOf(path) === 1), 'its descriptors are left')
  const gone = await eventually(async () => (await actor.stats()).clients.length === 1)
  assert.ok(gone, 'its client is left')
  const { inFlight, openFiles } = await actor.stats()
  assert.deepEqual([inFlight, openFiles], [0, 0])
  const client = connect()
  await client.nop()
  await client.close()
}

for (const reads of [1, 32, 600]) {
  test(`terminated with ${reads} reads in flight`, async () => {
    const pipe = new SlowPipe()
    const thread = await startHolding('holdReads', pipe.path, reads)
    assert.equal(descriptorsOf(pipe.path), 2)
    assert.throws(() => connect(), { code: 'ERR_URING_TOO_MANY_CLIENTS' })
    const ended = thread.worker.terminate()
    const served = readUntil(ended)
    await within(5000, 'terminate', ended)
    assert.ok((await within(5000, 'the bystander', served)) > 0)
    await assertGone(pipe.path)
    pipe.close()
  })
}

test('terminated while it is blocked in a synchronous read', async () => {
  const pipe = new SlowPipe()
  const thread = await startHolding('holdSyncRead', pipe.path, 1)
  const began = performance.now()
  await within(5000, 'terminate', thread.worker.terminate())
  assert.ok(performance.now() - began < 1000)
  await assertGone(pipe.path)
  pipe.close()
})

test('twenty threads, one after the other', async () => {
  for (let round = 0; round < 20; round++) {
    const pipe = new SlowPipe()
    const thread = await startHolding('holdReads', pipe.path, 8)
    await thread.worker.terminate()
    await assertGone(pipe.path)
    pipe.close()
  }
})

test('terminated amid a storm of reads and writes of a file', async () => {
  const path = temporaryFile(1 << 20)
  for (let round = 0; round < 10; round++) {
    const thread = startTask<void>(tasks, 'storm', { path, reads: 64 })
    await once(thread.worker, 'message')
    await thread.worker.terminate()
    assert.ok(await eventually(() => descriptorsOf(path) === 0), 'its descriptors are left')
    const gone = await eventually(async () => (await actor.stats()).clients.length === 1)
    assert.ok(gone, 'its client is left')
  }
  await bystander.nop()
})
