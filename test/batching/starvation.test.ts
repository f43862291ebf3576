// No client starves, whatever another one has in flight for ever: here as many reads of an empty pipe
// as the actor would ever take.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'

const DEPTH = 64
const path = temporaryFile(65536)
const pipe = new SlowPipe()

let actor: Actor
let hogs: Client[]
let reads: Array<Promise<unknown>>

before(async () => {
  actor = await spawnActor({ queueDepth: DEPTH, channelDepth: 128, maxClients: 8 })
  hogs = [connect(), connect(), connect()]
  const files = await Promise.all(hogs.map((hog) => hog.open(pipe.path, 'r+')))
  reads = files.flatMap((file) => Array.from({ length: 128 }, () => file.read(Buffer.alloc(1))))
  assert.ok(await eventually(async () => (await actor.stats()).inFlight >= DEPTH - 8 * 4))
})

after(async () => {
  await within(5000, 'the reads of the pipe', Promise.all(reads))
  for (const hog of hogs) await hog.close()
  await actor.close()
  pipe.close()
})

async function useAll(client: Client): Promise<void> {
  await client.nop()
  client.nopSync()
  const file = await client.open(path, 'r+')
  const all = Array.from({ length: 16 }, (_, index) =>
    file.read(Buffer.alloc(4096), 0, 4096, index * 4096),
  )
  for (const [index, { bytesRead, buffer }] of (await Promise.all(all)).entries()) {
    assert.equal(bytesRead, 4096)
    assert.ok(buffer.equals(patternBytes(4096, index * 4096)))
  }
  await file.writeDurable(patternBytes(4096), 0, 4096, 0)
  await client.chain((chain) => chain.nop().datasync(file).nop())
  await client.flush()
  await file.stat()
  await file.close()
}

test('a client that connects later is served', async () => {
  const client = connect()
  await within(5000, 'its operations', useAll(client))
  await within(2000, 'close', client.close())
})

test('many such clients are served at once', async () => {
  const clients = Array.from({ length: 5 }, () => connect())
  await within(5000, 'their operations', Promise.all(clients.map(useAll)))
  await within(2000, 'close', Promise.all(clients.map((client) => client.close())))
})

test('the control plane answers', async () => {
  const { inFlight, clients } = await within(2000, 'stats', actor.stats())
  assert.ok(inFlight > 0)
  assert.equal(clients.length, 3)
})

// The last test: it lets the hogs go.
test('a chain that needs more rows than are left waits, and nobody waits for it', async () => {
  const [waiting, other] = [connect(), connect()]
  let done = false
  const members = actor.address.limits.chainLength
  const chain = waiting
    .chain((builder) => {
      for (let member = 0; member < members; member++) builder.nop()
    })
    .then(() => {
      done = true
    })
  await within(5000, 'the operations of another', useAll(other))
  assert.equal(done, false)
  // Each read takes one byte: now all of them complete.
  pipe.feed(reads.length)
  await within(5000, `a chain of ${members}`, chain)
  await Promise.all([waiting.close(), other.close()])
})
