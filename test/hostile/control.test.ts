// Messages on a client's control port that comlink would obey, or choke on: none of them runs anything
// in the actor's thread but the two calls that there are.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { RawClient } from './raw-client.ts'

let actor: Actor
let victim: Client
let hostile: RawClient
before(async () => {
  actor = await spawnActor({ arenaBytes: 2 ** 20, channelDepth: 64 })
  victim = connect()
  hostile = await new RawClient(actor.address).connect()
})
after(async () => {
  await hostile.leave()
  await victim.close()
  await actor.close()
})

const answers = new Map<unknown, unknown>()

/** Sends a message; returns the answer to it, or undefined when none comes for a while. */
async function ask(message: unknown, millis: number = 150): Promise<unknown> {
  const { id } = (message ?? {}) as { id?: unknown }
  hostile.port.on('message', listen)
  hostile.port.postMessage(message)
  const deadline = Date.now() + millis
  while (!answers.has(id) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  hostile.port.off('message', listen)
  return answers.get(id)
}
function listen(message: { id: unknown }): void {
  answers.set(message.id, message)
}

async function assertUnharmed(): Promise<void> {
  await within(5000, 'the victim', victim.nop())
  assert.equal((await within(5000, 'stats', actor.stats())).clients.length, 2)
}

test('the calls that there are answer', async () => {
  const answer = await ask({ id: 'a', type: 'APPLY', path: ['clientStats'] }, 5000)
  assert.equal((answer as { value: { threadId: number } }).value.threadId, 0)
})

const code = 'globalThis.hostile = 1; return 6 * 7'
const attempts: Readonly<Record<string, Record<string, unknown>>> = {
  'code through a constructor': {
    type: 'APPLY',
    path: ['constructor', 'constructor'],
    argumentList: [{ type: 'RAW', value: code }],
  },
  'code through a call': {
    type: 'CONSTRUCT',
    path: ['stats', 'constructor'],
    argumentList: [{ type: 'RAW', value: code }],
  },
  'a call of something else': { type: 'APPLY', path: ['hasOwnProperty'] },
  'a call below a call': { type: 'APPLY', path: ['stats', 'call'] },
  'a path that is inherited': { type: 'APPLY', path: ['toString'] },
  'a property': { type: 'GET', path: ['stats', 'name'] },
  everything: { type: 'GET', path: [] },
  'a property to be set': { type: 'SET', path: ['stats'], value: { type: 'RAW', value: 1 } },
  'a prototype to be set': {
    type: 'SET',
    path: ['__proto__', 'polluted'],
    value: { type: 'RAW', value: 1 },
  },
  'an endpoint': { type: 'ENDPOINT' },
  'the end': { type: 'RELEASE' },
  'no path': { type: 'APPLY' },
  'a path that is none': { type: 'APPLY', path: 'stats' },
  'a path of something else': { type: 'APPLY', path: [['stats']] },
  'no such thing': { type: 'NOTHING', path: ['stats'] },
}

for (const [what, message] of Object.entries(attempts)) {
  test(`${what}: no answer`, async () => {
    assert.equal(await ask({ id: what, ...message }), undefined)
    await assertUnharmed()
  })
}

test('arguments, and messages of any shape, are not looked at', async () => {
  const withArguments = {
    type: 'APPLY',
    path: ['stats'],
    argumentList: [null, { type: 'HANDLER' }],
  }
  assert.notEqual(await ask({ id: 'arguments', ...withArguments }, 5000), undefined)
  const { port1 } = new MessageChannel()
  const shapes = [null, undefined, 1, 'x', [], [1], new Map(), new SharedArrayBuffer(8), /x/, 1n]
  for (const message of [...shapes, { id: 5 }, { id: {} }, { id: [], type: [], path: {} }]) {
    hostile.port.postMessage(message)
  }
  hostile.port.postMessage(port1, [port1])
  await assertUnharmed()
})

test('a flood of calls delays nobody for long', async () => {
  for (let count = 0; count < 20_000; count++) {
    hostile.port.postMessage({ id: `${count}`, type: 'APPLY', path: ['stats'] })
  }
  let longest = 0
  for (let count = 0; count < 50; count++) {
    const began = performance.now()
    await within(10_000, 'the victim', victim.nop())
    longest = Math.max(longest, performance.now() - began)
  }
  assert.ok(longest < 5000, `${longest} ms`)
  await assertUnharmed()
})
