// Options of spawnActor(): each wrong one is refused with its name and range, and nothing was started.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { type ActorOptions, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'

const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  queueDepth: [1, 16384],
  maxClients: [1, 1024],
  channelDepth: [2, 16384],
  arenaBytes: [2 ** 20, 2 ** 31],
  maxFiles: [1, 32767],
  spinMicros: [0, 10_000],
}

afterEach(() => {
  assert.throws(() => connect(), { code: 'ERR_URING_NO_ACTOR' })
})

async function refused(options: unknown, expected: object): Promise<void> {
  await assert.rejects(spawnActor(options as ActorOptions), expected)
}

describe('spawnActor refuses', () => {
  for (const [name, [least, most]] of Object.entries(SIZES)) {
    test(`${name} out of its range`, async () => {
      for (const value of [least - 1, most + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await refused(
          { [name]: value },
          {
            name: 'RangeError',
            code: 'ERR_OUT_OF_RANGE',
            message: new RegExp(`options\\.${name}.*>= ${least} && <= ${most}.*${value}`),
          },
        )
      }
    })

    test(`${name} of a wrong type`, async () => {
      for (const value of [null, '1024', 1024n, true, {}, [1024]]) {
        const message = new RegExp(`options\\.${name}`)
        await refused(
          { [name]: value },
          { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message },
        )
      }
    })
  }

  test('an engine that is none', async () => {
    for (const engine of ['', 'epoll', 'IO_URING', 'toString']) {
      await refused({ engine }, { code: 'ERR_INVALID_ARG_VALUE', message: /options\.engine/ })
    }
    for (const engine of [5, true, {}, ['auto']]) {
      await refused({ engine }, { code: 'ERR_INVALID_ARG_TYPE', message: /options\.engine/ })
    }
  })

  test('an engine of the environment that is none', async () => {
    process.env.URING_ACTOR_ENGINE = 'epoll'
    try {
      await refused({}, { code: 'ERR_INVALID_ARG_VALUE', message: /URING_ACTOR_ENGINE.*epoll/ })
    } finally {
      delete process.env.URING_ACTOR_ENGINE
    }
  })

  test('a place for the inspection socket that is none', async () => {
    for (const [inspect, code] of [
      [5, 'ERR_INVALID_ARG_TYPE'],
      ['', 'ERR_INVALID_ARG_VALUE'],
      [`/${'a'.repeat(107)}`, 'ERR_OUT_OF_RANGE'],
    ] as const) {
      await refused({ inspect }, { code, message: /options\.inspect/ })
    }
  })

  test('an option that is none', async () => {
    for (const name of ['depth', 'queuedepth', '__proto', 'toString']) {
      await refused({ [name]: 1 }, { code: 'ERR_INVALID_ARG_VALUE', message: new RegExp(name) })
    }
  })

  test('options that are no object', async () => {
    for (const options of [5, 'text', true, 5n, () => {}]) {
      await refused(options, {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
        message: /options/,
      })
    }
  })
})

test('the smallest of everything works', async () => {
  const actor = await spawnActor({
    queueDepth: 1,
    maxClients: 1,
    channelDepth: 2,
    arenaBytes: 2 ** 20,
    maxFiles: 1,
    spinMicros: 0,
  })
  const client = actor.connect()
  assert.throws(() => actor.connect(), {
    code: 'ERR_URING_TOO_MANY_CLIENTS',
    message: /\b1 clients?\b/,
  })
  await Promise.all(Array.from({ length: 100 }, () => client.nop()))
  const file = await client.open('/proc/version')
  assert.match((await file.readFile('utf8')) as string, /^Linux/)
  await assert.rejects(client.open('/proc/version'), { code: /ENFILE|EMFILE/ })
  await file.close()
  const again = await client.open('/proc/version')
  await again.close()
  await client.close()
  const next = actor.connect()
  await next.nop()
  await next.close()
  await actor.close()
})

test('sizes are rounded up to a power of two', async () => {
  const actor = await spawnActor({ queueDepth: 100, channelDepth: 3, arenaBytes: 2 ** 20 + 1 })
  const { queueDepth, channelDepth, arenaBytes } = actor.address.limits
  assert.deepEqual([queueDepth, channelDepth, arenaBytes], [128, 4, 2 ** 21])
  await actor.close()
})
