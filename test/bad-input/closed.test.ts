// Whatever is called on a closed client, or through a closed actor, fails with the error that says so.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from '@uring-actor/client'
import { CONTENT, enterPlace, type Place } from './place.ts'

const bytes = (): Buffer => Buffer.alloc(8)

/** Everything that a client or one of its files can be asked for. */
const CALLS: ReadonlyMap<string, (place: Place) => unknown> = new Map<
  string,
  (place: Place) => unknown
>([
  ['nop', ({ client }) => client.nop()],
  ['flush', ({ client }) => client.flush()],
  ['open', ({ client, at }) => client.open(at('file'))],
  ['chain', ({ client }) => client.chain((chain) => chain.nop())],
  ['stats', async ({ client }) => client.stats()],
  ['actorStats', async ({ client }) => client.actorStats()],
  ['read', ({ file }) => file.read(bytes(), 0, 8, 0)],
  ['long read', ({ file }) => file.read(Buffer.alloc(5_000_000), 0, 5_000_000, 0)],
  ['write', ({ file }) => file.write(bytes(), 0, 8, 0)],
  ['readv', ({ file }) => file.readv([bytes()], 0)],
  ['writev', ({ file }) => file.writev([bytes()], 0)],
  ['readMany', ({ file }) => file.readMany([0, 1], 4)],
  ['readFile', ({ file }) => file.readFile()],
  ['writeFile', ({ file }) => file.writeFile('text')],
  ['stat', ({ file }) => file.stat()],
  ['sync', ({ file }) => file.sync()],
  ['trim', ({ file }) => file.trim(0, 8)],
  ['truncate', ({ file }) => file.truncate(0)],
  ['utimes', ({ file }) => file.utimes(0, 0)],
  ['chmod', ({ file }) => file.chmod(0o600)],
])

const BLOCKING: ReadonlyMap<string, (place: Place) => unknown> = new Map<
  string,
  (place: Place) => unknown
>([
  ['nopSync', ({ client }) => client.nopSync()],
  ['flushSync', ({ client }) => client.flushSync()],
  ['openSync', ({ client, at }) => client.openSync(at('file'))],
  ['alloc', ({ client }) => client.alloc(10)],
  ['readSync', ({ file }) => file.readSync(bytes(), 0, 8, 0)],
  ['writeSync', ({ file }) => file.writeSync(bytes(), 0, 8, 0)],
  ['readvSync', ({ file }) => file.readvSync([bytes()], 0)],
  ['readFileSync', ({ file }) => file.readFileSync()],
  ['statSync', ({ file }) => file.statSync()],
  ['datasyncSync', ({ file }) => file.datasyncSync()],
])

async function assertAllFail(place: Place, code: string): Promise<void> {
  const expected = { name: 'UringError', code }
  for (const [name, call] of CALLS) {
    await assert.rejects(async () => call(place), expected, name)
  }
  for (const [name, call] of BLOCKING) assert.throws(() => call(place), expected, name)
}

describe('a closed client', () => {
  test('refuses everything, and others work on', async () => {
    const place = await enterPlace()
    const { client, actor, at } = place
    assert.equal(client.closed, false)
    await client.close()
    assert.equal(client.closed, true)
    await assertAllFail(place, 'ERR_URING_CLIENT_CLOSED')
    await client.close()
    client.closeSync()
    const other = actor.connect()
    const file = await other.open(at('file'))
    assert.equal(await file.readFile('utf8'), CONTENT)
    await other.close()
    await place.leave()
  })

  test('refuses everything also when it was closed blocking', async () => {
    const place = await enterPlace()
    place.client.closeSync()
    await assertAllFail(place, 'ERR_URING_CLIENT_CLOSED')
    await place.leave()
  })

  test('has completed what was under way before', async () => {
    const place = await enterPlace()
    const { client, at } = place
    const file = await client.open(at('other'), 'r+')
    const length = 3_000_000
    const work = [
      file.write(Buffer.alloc(length, 'a'), 0, length, 0),
      file.write('first', 0),
      file.stat(),
      client.nop(),
    ]
    const settled = Promise.allSettled(work)
    await client.close()
    for (const result of await settled) assert.equal(result.status, 'fulfilled')
    await place.leave()
  })
})

describe('a closed actor', () => {
  test('fails everything of the clients that were connected, and new ones', async () => {
    const place = await enterPlace()
    const { actor, client } = place
    const { address } = actor
    assert.equal(actor.closed, false)
    await actor.close()
    assert.equal(actor.closed, true)
    await assertAllFail(place, 'ERR_URING_ACTOR_EXITED')
    assert.equal(client.closed, true)
    await client.close()
    await assert.rejects(actor.stats(), { code: 'ERR_URING_ACTOR_EXITED' })
    assert.throws(() => actor.connect(), { code: 'ERR_URING_ACTOR_EXITED' })
    assert.throws(() => connect(address), { code: 'ERR_URING_ACTOR_EXITED' })
    assert.throws(() => connect(), { code: 'ERR_URING_NO_ACTOR', message: /spawnActor\(\)/ })
    await actor.close()
    await place.leave()
  })
})

describe('a wrong address', () => {
  test('is refused by its shape', async () => {
    const place = await enterPlace()
    const { address } = place.actor
    for (const wrong of [5, 'text', {}, { ...address, header: new ArrayBuffer(640) }]) {
      assert.throws(() => connect(wrong as never), { code: 'ERR_INVALID_ARG_TYPE' })
    }
    const otherHeader = new SharedArrayBuffer(address.header.byteLength)
    assert.throws(() => connect({ ...address, header: otherHeader }), { code: 'ERR_URING_VERSION' })
    assert.throws(() => connect({ ...address, protocolVersion: 99 }), { code: 'ERR_URING_VERSION' })
    assert.throws(() => connect({ ...address, processId: 1 }), { code: 'ERR_URING_NO_ACTOR' })
    await place.client.nop()
    await place.leave()
  })
})
