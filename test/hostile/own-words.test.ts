// Each word of a client's own channel, overwritten while it works: it goes on, or ends with
// ERR_URING_PROTOCOL, within bounded time; nobody else notices.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import {
  CHANNEL_CLIENT_STATE_BYTE,
  CHANNEL_COMPLETION_HEAD_BYTE,
  CHANNEL_COMPLETION_TAIL_BYTE,
  CHANNEL_REQUEST_HEAD_BYTE,
  CHANNEL_REQUEST_TAIL_BYTE,
  CHANNEL_SLOT_BYTE,
  CHANNEL_STATE_BYTE,
  completionsWord,
  HEADER_DIRTY,
  HEADER_LIFE,
  HEADER_STATE,
  LIFE_EXITED,
  LIFE_OPEN,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import { codeOf, within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { eventually } from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'
import { type Captured, connectCaptured } from './captured.ts'

const DEPTH = 16

let actor: Actor
let victim: Client
before(async () => {
  actor = await spawnActor({ arenaBytes: 2 ** 20, channelDepth: DEPTH })
  victim = connect()
})
after(async () => {
  await victim.close()
  await actor.close()
})

const words: Readonly<Record<string, number>> = {
  'the request tail': CHANNEL_REQUEST_TAIL_BYTE >> 2,
  'the request head': CHANNEL_REQUEST_HEAD_BYTE >> 2,
  'the completion tail': CHANNEL_COMPLETION_TAIL_BYTE >> 2,
  'the completion head': CHANNEL_COMPLETION_HEAD_BYTE >> 2,
  'the client state': CHANNEL_CLIENT_STATE_BYTE >> 2,
  'the channel state': CHANNEL_STATE_BYTE >> 2,
  'the slot': CHANNEL_SLOT_BYTE >> 2,
  'a request': REQUESTS_WORD,
  'a request of a slot used later': REQUESTS_WORD + 16 * (DEPTH - 1),
  'a completion': completionsWord(DEPTH),
  'the magic': 0,
}
const VALUES: readonly number[] = [0, 1, 2, 3, DEPTH, DEPTH + 1, -1, 2 ** 31 - 1, -(2 ** 31)]
const ALLOWED: ReadonlySet<string | null> = new Set([
  null,
  'ERR_URING_PROTOCOL',
  // What the channel state says, if it is believed.
  'ERR_URING_TOO_MANY_CLIENTS',
  'ERR_URING_ACTOR_EXITED',
  'EINVAL',
  'EBADF',
])

async function work({ client }: Captured, path: string): Promise<void> {
  const file = await client.open(path, 'r')
  await Promise.all(Array.from({ length: 8 }, () => file.read(Buffer.alloc(512), 0, 512, 0)))
  file.readSync(Buffer.alloc(512), 0, 512, 0)
  await client.nop()
  await file.close()
}

async function leave({ client }: Captured): Promise<void> {
  const how = await codeOf(() => within(5000, 'close', client.close()))
  assert.ok(ALLOWED.has(how), `close: ${how}`)
  const gone = await eventually(async () => (await actor.stats()).clients.length === 1, 5000)
  assert.ok(gone, 'the client is left')
  await within(5000, 'the victim', victim.nop())
}

for (const [what, word] of Object.entries(words)) {
  test(`${what} overwritten while the client works`, async () => {
    const path = temporaryFile(4096)
    for (const value of VALUES) {
      const captured = connectCaptured()
      const channel = new Int32Array(captured.channel)
      // The first is posted before the client has a slot.
      await captured.client.nop()
      await captured.client.nop()
      const working = work(captured, path)
      Atomics.store(channel, word, value)
      const how = await codeOf(() => within(10_000, `${what} = ${value}`, working))
      assert.ok(ALLOWED.has(how), `${value}: ${how}`)
      await leave(captured)
    }
  })
}

test('awake, says its word, while it waits: it looks by itself', async () => {
  const pipe = new SlowPipe()
  const captured = connectCaptured()
  const file = await captured.client.open(pipe.path, 'r+')
  const reading = file.read(Buffer.alloc(1), 0, 1)
  await new Promise((resolve) => setTimeout(resolve, 50))
  Atomics.store(new Int32Array(captured.channel), CHANNEL_CLIENT_STATE_BYTE >> 2, 0)
  pipe.feed(1)
  assert.equal((await within(5000, 'the read', reading)).bytesRead, 1)
  await file.close()
  await captured.client.close()
  pipe.close()
})

test('the header scribbled by another thread costs time, and no request', async () => {
  const header = new Int32Array(actor.address.header)
  let wiped = 0
  let done = false
  const wipe = (): void => {
    for (let word = 0; word < 4; word++) Atomics.store(header, HEADER_DIRTY + word, 0)
    Atomics.store(header, HEADER_STATE, wiped % 5)
    wiped++
    if (!done) setImmediate(wipe)
  }
  wipe()
  for (let count = 0; count < 10; count++) {
    const nop = victim.nop()
    // Right after the request was published, its bit is gone.
    await Promise.resolve()
    for (let word = 0; word < 4; word++) Atomics.store(header, HEADER_DIRTY + word, 0)
    Atomics.store(header, HEADER_STATE, 0)
    await within(5000, 'a request whose bit was wiped', nop)
  }
  done = true
  assert.ok(wiped > 10)
})

test('an actor that is said to be dead is one again soon', async () => {
  const header = new Int32Array(actor.address.header)
  Atomics.store(header, HEADER_LIFE, LIFE_EXITED)
  assert.throws(() => connect(), { code: 'ERR_URING_ACTOR_EXITED' })
  assert.ok(await eventually(() => Atomics.load(header, HEADER_LIFE) === LIFE_OPEN, 5000))
  const client = connect()
  await client.nop()
  await client.close()
})
