// Connect messages that no honest client sends: the actor takes none of them, keeps all of its places,
// and goes on serving whoever keeps to the rules.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import {
  CHANNEL_CAPACITY_BYTE,
  CHANNEL_MAGIC_BYTE,
  CHANNEL_VERSION_BYTE,
  CONNECT_KIND,
  channelBytes,
  HEADER_CLIENTS,
  OPERATION_NOP,
} from '@uring-actor/client/protocol'
import { within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { postTo, RawClient } from './raw-client.ts'

const MAX_CLIENTS = 8

let actor: Actor
let victim: Client
before(async () => {
  actor = await spawnActor({ maxClients: MAX_CLIENTS, arenaBytes: 2 ** 20, channelDepth: 64 })
  victim = connect()
})
after(async () => {
  await victim.close()
  await actor.close()
})

/** The victim is served, the actor answers, and so many clients are connected. */
async function assertUnharmed(clients: number = 1): Promise<void> {
  await within(5000, 'the victim', victim.nop())
  const left = await eventually(async () => (await actor.stats()).clients.length === clients)
  assert.ok(left, `not ${clients} clients`)
}

const raw = (): RawClient => new RawClient(actor.address)
const growable = (bytes: number, max: number): SharedArrayBuffer =>
  new SharedArrayBuffer(bytes, { maxByteLength: max })

/** A message of another shape is not for the actor at all. */
const strangers: unknown[] = [
  null,
  undefined,
  0,
  'uring-actor:connect:1',
  [],
  {},
  { kind: CONNECT_KIND },
  { kind: CONNECT_KIND, channel: 5, arena: {}, port: {}, threadId: 0 },
  { kind: CONNECT_KIND, channel: new ArrayBuffer(1024), arena: new ArrayBuffer(4096) },
  new Map([['kind', CONNECT_KIND]]),
]

test('messages of another shape are passed over', async () => {
  for (const value of strangers) {
    await postTo(actor.address.threadId, value)
    await assertUnharmed()
  }
})

/** What is wrong with each of these is found before anything is made of it. */
const malformed: Readonly<Record<string, (client: RawClient) => Record<string, unknown>>> = {
  'no port': () => ({ port: undefined }),
  'something that is no port': () => ({ port: { postMessage: 1 } }),
  'no thread': () => ({ threadId: undefined }),
  'a thread that is an object': () => ({ threadId: { toString: 1 } }),
  'an empty channel': () => ({ channel: new SharedArrayBuffer(0) }),
  'a channel that is too small': () => ({ channel: new SharedArrayBuffer(640) }),
  'a channel of an odd size': () => ({ channel: new SharedArrayBuffer(channelBytes(64) + 1) }),
  'a channel of another depth': () => ({ channel: new SharedArrayBuffer(channelBytes(128)) }),
  'a channel that can grow': ({ channel }) => {
    const larger = growable(channel.byteLength, 2 * channel.byteLength)
    new Uint8Array(larger).set(new Uint8Array(channel))
    return { channel: larger }
  },
  'a channel that is not shared': ({ channel }) => ({
    channel: new ArrayBuffer(channel.byteLength),
  }),
  'an empty arena': () => ({ arena: growable(0, 0) }),
  'an arena that can grow': () => ({ arena: growable(2 ** 20, 2 ** 21) }),
  'an arena that is too small': () => ({ arena: growable(2 ** 19, 2 ** 20) }),
  'an arena that is too large': () => ({ arena: growable(2 ** 21, 2 ** 21) }),
  'an arena at any address': () => ({ arena: new SharedArrayBuffer(2 ** 20) }),
  'an arena that is not shared': () => ({ arena: new ArrayBuffer(2 ** 20) }),
  'the header as channel': () => ({ channel: actor.address.header }),
  'the header as arena': () => ({ arena: actor.address.header }),
  'the channel as arena': ({ channel }) => ({ arena: channel }),
  'the arena as channel': ({ arena }) => ({ channel: arena }),
  'another magic': ({ words }) => {
    words[CHANNEL_MAGIC_BYTE >> 2] = 1
    return {}
  },
  'another version': ({ words }) => {
    words[CHANNEL_VERSION_BYTE >> 2] = 99
    return {}
  },
  'another capacity': ({ words }) => {
    words[CHANNEL_CAPACITY_BYTE >> 2] = 2 ** 31 - 1
    return {}
  },
}

for (const [what, change] of Object.entries(malformed)) {
  test(`${what}: not taken`, async () => {
    const client = raw()
    Atomics.add(client.header, HEADER_CLIENTS, 1)
    await client.send(change(client))
    await assertUnharmed()
    assert.notEqual(client.state, 1, 'attached')
    client.port.close()
  })
}

test('a port whose other end is closed already costs no place', async () => {
  for (let round = 0; round < 3 * MAX_CLIENTS; round++) {
    const client = raw()
    Atomics.add(client.header, HEADER_CLIENTS, 1)
    client.port.close()
    await client.send()
  }
  await assertUnharmed()
})

// These two stay: nobody is left who could close their ports.
test('both ends of one port: two clients that hear each other harm nobody', async () => {
  const { port1, port2 } = new MessageChannel()
  await raw().send({ port: port1 }, [port1])
  await raw().send({ port: port2 }, [port2])
  await assertUnharmed(3)
  const { busyMicros } = await actor.stats()
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.ok((await actor.stats()).busyMicros - busyMicros < 150_000, 'they keep the actor busy')
})

test('the same memory in two connects is two clients that disturb each other only', async () => {
  const [first, second] = [await raw().connect(), raw()]
  const { channel, arena } = first
  await second.send({ channel, arena })
  await assertUnharmed((await actor.stats()).clients.length)
  for (let count = 0; count < 200; count++) {
    first.write({ operation: OPERATION_NOP })
    first.publish()
    first.take()
    if (count % 20 === 0) await within(5000, 'the victim', victim.nop())
  }
  await first.leave()
  await second.leave()
  await assertUnharmed(3)
})

test('ten thousand connects at once: each is taken or refused, none is left', async () => {
  const before = (await actor.stats()).clients.length
  assert.ok(before < MAX_CLIENTS)
  for (let round = 0; round < 100; round++) {
    const batch = Array.from({ length: 100 }, raw)
    // Small memory, so that ten thousand of them fit: only the first few are well formed.
    await Promise.all(
      batch.map((client, index) =>
        client.send(index < 2 ? {} : { arena: new SharedArrayBuffer(8) }),
      ),
    )
    for (const client of batch) client.port.close()
    if (round % 10 === 0) await within(10_000, 'the victim', victim.nop())
  }
  await assertUnharmed(before)
})

test('a number of clients that somebody has scribbled is put right', async () => {
  const header = new Int32Array(actor.address.header)
  for (const scribbled of [2 ** 31 - 1, -5]) {
    Atomics.store(header, HEADER_CLIENTS, scribbled)
    const right = await eventually(() => {
      const count = Atomics.load(header, HEADER_CLIENTS)
      return count > 0 && count <= MAX_CLIENTS
    }, 10_000)
    assert.ok(right, `${Atomics.load(header, HEADER_CLIENTS)} clients`)
    const client = connect()
    await client.nop()
    await client.close()
  }
})
