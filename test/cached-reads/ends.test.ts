// Reads that go past the actor end with their file, their client and their actor all the same, whoever
// ends first; nobody but the client that has opened a file can read it; and where a thread may not
// load the addon the actor reads for it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import fs from 'node:fs'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { ASK_F64, ASK_GENERATION, ASK_OWNER, ASK_SLOT } from '@uring-actor/client/protocol'
import { loadBinding } from '@uring-actor/native'
import { connectCaptured } from '../hostile/captured.ts'
import { within } from '../support/outcome.ts'
import { descriptorsOf } from '../support/process-state.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import { workerOf } from '../support/watched-workers.ts'

const BLOCK = 4096
const path = temporaryFile(16 * BLOCK)
const tasks = new URL('./tasks.js', import.meta.url)
const EBADF = -9

process.on('warning', () => {})

test('a closed file is not read any more', async () => {
  await using actor = await spawnActor()
  const client = actor.connect()
  const file = await client.open(path)
  const closed = { code: 'EBADF', syscall: 'read' }
  await file.read(Buffer.alloc(1), 0, 1, 0)
  const closing = file.close()
  await assert.rejects(file.read(Buffer.alloc(1), 0, 1, 0), closed)
  assert.throws(() => file.readSync(Buffer.alloc(1), 0, 1, 0), closed)
  await closing
  await assert.rejects(file.read(Buffer.alloc(1), 0, 1, 0), closed)
  assert.equal(descriptorsOf(path), 0)
  const other = await client.open(path)
  await client.close()
  await assert.rejects(other.read(Buffer.alloc(1), 0, 1, 0), { code: 'ERR_URING_CLIENT_CLOSED' })
})

const ENDS: Array<[string, (actor: Actor) => unknown, readonly string[]]> = [
  ['closes', (actor) => actor.close(), ['ERR_URING_ACTOR_CLOSING', 'ERR_URING_ACTOR_EXITED']],
  [
    'is terminated',
    (actor) => void workerOf(actor.address.threadId).terminate(),
    ['ERR_URING_ACTOR_EXITED'],
  ],
]

for (const [how, end, codes] of ENDS) {
  test(`who reads while the actor ${how} is told, and has read nothing wrong`, async () => {
    for (let round = 0; round < 5; round++) {
      const actor = await spawnActor()
      const threads = [false, true, false].map((blocking) =>
        startTask<string>(tasks, 'readUntilEnd', { address: actor.address, path, blocking }),
      )
      await Promise.all(threads.map(({ worker }) => once(worker, 'message')))
      await delay(round)
      const ended = end(actor)
      const told = await within(5000, 'all readers', Promise.all(threads.map((t) => t.result)))
      for (const code of told) assert.ok(codes.includes(code), code)
      await ended
      await actor.close()
      assert.equal(descriptorsOf(path), 0)
    }
  })
}

test('a thread that is terminated while it reads holds nothing up', async () => {
  await using actor = await spawnActor()
  for (const blocking of [false, true]) {
    const { address } = actor
    const { worker, ended } = startTask<string>(tasks, 'readUntilEnd', { address, path, blocking })
    await once(worker, 'message')
    await delay(5)
    await within(1000, 'terminate()', worker.terminate())
    await ended
  }
  const gone = async (): Promise<void> => {
    while ((await actor.stats()).openFiles > 0) await delay(1)
  }
  await within(2000, 'their files', gone())
  assert.equal(descriptorsOf(path), 0)
})

test('nobody else can read a file, whatever handle he makes up', async () => {
  await using _ = await spawnActor()
  const { client, message } = connectCaptured()
  const stranger = connectCaptured()
  const file = await client.open(path)
  await stranger.client.open(path)
  const binding = loadBinding()
  const ask = new Float64Array(ASK_F64)
  const memory = new Uint8Array(100)
  const readAs = (owner: number): number[] => {
    const found: number[] = []
    for (let slot = 0; slot < 8; slot++) {
      for (let generation = 0; generation < 8; generation++) {
        ask[ASK_SLOT] = slot
        ask[ASK_GENERATION] = generation
        ask[ASK_OWNER] = owner
        const result = binding.readCached(ask, memory)
        if (result !== EBADF) found.push(slot)
      }
    }
    return found
  }
  const own = readAs(message.owner)
  const others = readAs(stranger.message.owner)
  assert.equal(own.length, 1)
  assert.ok(patternBytes(100).equals(memory))
  assert.equal(others.length, 1)
  assert.notEqual(own[0], others[0])
  for (const owner of [0, 1, -1, message.owner + 1, Number.NaN]) {
    assert.deepEqual(readAs(owner), [], `${owner}`)
  }
  await file.close()
  assert.deepEqual(readAs(message.owner), [])
})

test('a thread that may load no addon reads through the actor', async () => {
  await using _ = await spawnActor()
  const allowed = startTask<number>(tasks, 'readWithoutAddon', { path })
  assert.equal(await allowed.result, 2)
  const execArgv = ['--no-addons']
  const forbidden = startTask<number>(tasks, 'readWithoutAddon', { path }, { execArgv })
  assert.equal(await forbidden.result, 0)
})

test('files are offered again and again, and none is left', async () => {
  await using actor = await spawnActor()
  const client = actor.connect()
  const whole = fs.readFileSync(path)
  for (let round = 0; round < 2000; round++) {
    const file = await client.open(path)
    const buffer = Buffer.alloc(BLOCK)
    await file.read(buffer, 0, BLOCK, (round % 16) * BLOCK)
    assert.ok(buffer.equals(whole.subarray((round % 16) * BLOCK, (round % 16) * BLOCK + BLOCK)))
    await file.close()
  }
  assert.equal((await client.stats()).cachedReads, 2000)
  assert.equal(descriptorsOf(path), 0)
})
