// Options of spawnActor(): each is checked at the call, and nothing is started when one is bad.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ActorOptions, spawnActor } from '@uring-actor/actor'
import { codeOf } from '../support/outcome.ts'
import { threadCount } from '../support/process-state.ts'

const sizes = ['queueDepth', 'maxClients', 'channelDepth', 'arenaBytes', 'maxFiles', 'spinMicros']

const wrongTypes = ['8', null, true, {}, 8n, Symbol('eight')]
const outOfRange = [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40]

for (const name of sizes) {
  test(`${name} of a wrong type`, async () => {
    for (const value of wrongTypes) {
      const options = { [name]: value } as unknown as ActorOptions
      await assert.rejects(spawnActor(options), (error: NodeJS.ErrnoException) => {
        assert.ok(error instanceof TypeError)
        assert.equal(error.code, 'ERR_INVALID_ARG_TYPE')
        assert.match(error.message, new RegExp(name))
        return true
      })
    }
  })

  test(`${name} out of range`, async () => {
    const values = name === 'spinMicros' ? outOfRange : [...outOfRange, 0]
    for (const value of values) {
      await assert.rejects(spawnActor({ [name]: value }), (error: NodeJS.ErrnoException) => {
        assert.ok(error instanceof RangeError)
        assert.equal(error.code, 'ERR_OUT_OF_RANGE')
        assert.match(error.message, new RegExp(`${name}.*>= \\d+ && <= \\d+.*Received`))
        return true
      })
    }
  })
}

test('an engine that does not exist, or is no string', async () => {
  const unknown = { engine: 'libaio' } as unknown as ActorOptions
  await assert.rejects(spawnActor(unknown), { code: 'ERR_INVALID_ARG_VALUE', message: /io_uring/ })
  const number = { engine: 1 } as unknown as ActorOptions
  assert.equal(await codeOf(() => spawnActor(number)), 'ERR_INVALID_ARG_TYPE')
})

test('the environment variable is checked too, and named in the error', async () => {
  process.env.URING_ACTOR_ENGINE = 'libaio'
  try {
    await assert.rejects(spawnActor(), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /URING_ACTOR_ENGINE/,
    })
  } finally {
    delete process.env.URING_ACTOR_ENGINE
  }
})

test('an engine that is asked for is taken; the environment goes before the option', async () => {
  const engineOf = async (options?: ActorOptions): Promise<[string, boolean]> => {
    await using actor = await spawnActor(options)
    const { engine, forced } = await actor.stats()
    assert.equal(actor.engine, engine)
    return [engine, forced]
  }
  const before = process.env.URING_ACTOR_ENGINE
  delete process.env.URING_ACTOR_ENGINE
  try {
    assert.deepEqual(await engineOf({ engine: 'threadpool' }), ['threadpool', true])
    assert.deepEqual(await engineOf({ engine: 'io_uring' }), ['io_uring', true])
    assert.deepEqual(await engineOf(), ['io_uring', false])
    process.env.URING_ACTOR_ENGINE = 'threadpool'
    assert.deepEqual(await engineOf({ engine: 'io_uring' }), ['threadpool', true])
    await assert.rejects(spawnActor({ engine: 'libaio' } as unknown as ActorOptions), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /options\.engine/,
    })
  } finally {
    if (before === undefined) delete process.env.URING_ACTOR_ENGINE
    else process.env.URING_ACTOR_ENGINE = before
  }
})

test('an option that does not exist is no silent mistake', async () => {
  const options = { queuedepth: 8 } as ActorOptions
  await assert.rejects(spawnActor(options), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /queuedepth.*queueDepth/,
  })
})

test('options that are no object', async () => {
  for (const value of ['fast', 7, true, [8]] as unknown as ActorOptions[]) {
    assert.notEqual(await codeOf(() => spawnActor(value)), null, String(value))
  }
})

test('no bad option started a thread', async () => {
  const before = threadCount()
  await codeOf(() => spawnActor({ queueDepth: -1 }))
  assert.equal(threadCount(), before)
})

test('bad options reject also while an actor runs', async () => {
  const actor = await spawnActor()
  try {
    assert.equal(await codeOf(() => spawnActor({ queueDepth: 0 })), 'ERR_OUT_OF_RANGE')
    assert.equal(await spawnActor(), actor)
  } finally {
    await actor.close()
  }
})

test('the smallest and odd values work; sizes are rounded up to a power of two', async () => {
  const actor = await spawnActor({
    queueDepth: 1,
    maxClients: 1,
    channelDepth: 3,
    arenaBytes: 2 ** 20 + 1,
    maxFiles: 1,
    spinMicros: 0,
  })
  try {
    const { channelDepth, arenaBytes, maxClients, queueDepth } = actor.address.limits
    assert.equal(channelDepth, 4)
    assert.equal(arenaBytes, 2 ** 21)
    assert.equal(maxClients, 1)
    assert.ok(queueDepth >= 1)
    const client = actor.connect()
    await Promise.all(Array.from({ length: 100 }, () => client.nop()))
    client.nopSync()
    await client.close()
  } finally {
    await actor.close()
  }
})
