// Ten thousand clients, one after the other, leave descriptors, handles and memory where they were.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'
import type { Report } from './connect-cycles-child.ts'

const CHILD = fileURLToPath(new URL('./connect-cycles-child.js', import.meta.url))
const GROWTH_BYTES_MAX = 8 * 2 ** 20

let actor: Actor
before(async () => {
  actor = await spawnActor({ maxClients: 16 })
})
after(() => actor.close())

test('connecting and closing 10,000 times, by promises and blocking, and fifteen at a time', async (t) => {
  // With a young generation of one size: V8 doubles it some times, when it likes, and each time the
  // clients that wait to be collected, and what malloc keeps for them, are twice as many.
  const args = ['--expose-gc', '--max-semi-space-size=1', CHILD, temporaryFile(4096)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { before, after, stats } = JSON.parse(stdout) as Report
  const grown = after.resident - before.resident
  t.diagnostic(`${(grown / 2 ** 20).toFixed(1)} MiB more resident`)
  assert.equal(after.descriptors, before.descriptors)
  // The pools of libuv and of the kernel may have grown by then.
  assert.ok(after.threads <= before.threads + 4, `${after.threads}, before ${before.threads}`)
  assert.deepEqual(after.handles, before.handles)
  assert.ok(grown < GROWTH_BYTES_MAX, `${(grown / 2 ** 20).toFixed(1)} MiB more resident`)
  assert.deepEqual(stats, { clients: 0, inFlight: 0, openFiles: 0 })
})

test('a thread that connects and closes without ever pausing keeps none of the memory', () => {
  const clients = 300
  const before = bytesHeld()
  for (let round = 0; round < clients; round++) {
    const client = connect()
    client.nopSync()
    client.closeSync()
  }
  // What node keeps of a port until the event loop has its turn: a hundredth of a client.
  const each = (bytesHeld() - before) / clients
  assert.ok(each < 8192, `${Math.round(each)} bytes each`)
})

function bytesHeld(): number {
  // Twice, because the memory of buffers that are found is freed on another thread.
  assert.ok(globalThis.gc !== undefined, 'needs node --expose-gc')
  globalThis.gc()
  globalThis.gc()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}
