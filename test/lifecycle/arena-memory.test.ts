// The memory that a client's I/O went through goes back to the system when it closes; but what a lease
// shows stays, and so does what was read.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { temporaryFile } from '../support/temporary.ts'

const path = temporaryFile(2 ** 20)
let actor: Actor
before(async () => {
  actor = await spawnActor({ engine: 'io_uring' })
})
after(() => actor.close())

test('a lease that is held when its client closes keeps its bytes', async () => {
  for (const close of ['async', 'blocking']) {
    const client = connect()
    const lease = client.alloc(4096)
    lease.fill(7)
    if (close === 'async') await client.close()
    else client.closeSync()
    assert.ok(lease.every((byte) => byte === 7))
  }
})

test('what was read by the time of a close is there, whoever looks later', async () => {
  const client = connect()
  const file = await client.open(path, 'r+')
  await file.write(Buffer.alloc(1 << 20, 9), 0, 1 << 20, 0)
  const buffers = Array.from({ length: 8 }, () => Buffer.alloc(1 << 17))
  const reads = buffers.map((buffer, index) => file.read(buffer, 0, 1 << 17, index << 17))
  await client.close()
  await Promise.all(reads)
  for (const buffer of buffers) assert.ok(buffer.every((byte) => byte === 9))
})
