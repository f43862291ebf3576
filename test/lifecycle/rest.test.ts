// An actor that has had nothing to do for long sleeps, and is woken by nothing but work. Nothing that somebody
// has written into the header meanwhile keeps it from that.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import {
  HEADER_CLIENTS,
  HEADER_DIRTY,
  HEADER_LIFE,
  HEADER_STATE,
  LIFE_CLOSING,
  LIFE_EXITED,
  LIFE_OPEN,
  STATE_PARKED,
  STATE_RUNNING,
} from '@uring-actor/client/protocol'
import { within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'

const MAX_CLIENTS = 8
/** So long after its last work an actor has come to rest, in milliseconds. */
const REST_MILLIS = 4000

let actor: Actor
let client: Client
let header: Int32Array
before(async () => {
  actor = await spawnActor({ maxClients: MAX_CLIENTS })
  client = connect()
  header = new Int32Array(actor.address.header)
})
after(async () => {
  await client.close()
  await actor.close()
})

async function comeToRest(): Promise<void> {
  await client.nop()
  await delay(REST_MILLIS)
  assert.equal(Atomics.load(header, HEADER_STATE), STATE_PARKED)
}

/** Its bit and the actor's state, as a thread that scribbles there would leave them behind. */
function unring(): void {
  // So few clients have one word of the bitmap.
  Atomics.store(header, HEADER_DIRTY, 0)
  Atomics.store(header, HEADER_STATE, STATE_RUNNING)
}

test('an actor that rests is not woken', async () => {
  await comeToRest()
  const { parks } = await actor.stats()
  await delay(REST_MILLIS)
  assert.equal((await actor.stats()).parks, parks)
})

test('what is asked of an actor that rests is done at once', async () => {
  await comeToRest()
  await within(500, 'a no-op', client.nop())
})

test('awake, says its word while it rests: who waits rings again', async () => {
  await comeToRest()
  Atomics.store(header, HEADER_STATE, STATE_RUNNING)
  await within(3000, 'a no-op', client.nop())
})

test('awake, says its word while it rests: who is blocked rings again', async () => {
  await comeToRest()
  Atomics.store(header, HEADER_STATE, STATE_RUNNING)
  const began = performance.now()
  client.nopSync()
  assert.ok(performance.now() - began < 3000)
})

test('a request whose bit was wiped while the actor rests is seen', async () => {
  await comeToRest()
  Atomics.store(header, HEADER_STATE, STATE_RUNNING)
  const asked = client.nop()
  await null
  unring()
  await within(3000, 'a no-op', asked)
})

test('an end that somebody has scribbled is put right though the actor rests', async () => {
  for (const life of [LIFE_EXITED, LIFE_CLOSING]) {
    await comeToRest()
    Atomics.store(header, HEADER_LIFE, life)
    assert.throws(() => connect(), { code: /^ERR_URING_ACTOR_(EXITED|CLOSING)$/ })
    const alive = await eventually(() => Atomics.load(header, HEADER_LIFE) === LIFE_OPEN, 3000)
    assert.ok(alive, `${Atomics.load(header, HEADER_LIFE)}`)
    await using another = connect()
    await another.nop()
  }
})

test('places that nobody has are found free though the actor rests', async () => {
  await comeToRest()
  Atomics.store(header, HEADER_CLIENTS, MAX_CLIENTS)
  assert.throws(() => connect(), { code: 'ERR_URING_TOO_MANY_CLIENTS' })
  const free = await eventually(() => Atomics.load(header, HEADER_CLIENTS) === 1, 6000)
  assert.ok(free, `${Atomics.load(header, HEADER_CLIENTS)} clients`)
  const another = connect()
  await another.nop()
  await another.close()
})
