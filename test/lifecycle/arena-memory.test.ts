// The memory that a client's I/O went through goes back to the system when it closes, not when some
// collector finds it; but what a lease shows stays.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { residentBytes } from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'

const BYTES = 16 * 2 ** 20
const CLIENTS = 40
/** A few arenas' worth; all of them would be 640 MiB. */
const GROWTH_BYTES_MAX = 4 * BYTES

const path = temporaryFile(BYTES)
let actor: Actor
before(async () => {
  actor = await spawnActor({ engine: 'io_uring' })
})
after(() => actor.close())

test('forty clients, one after the other, do not add up, with no garbage collected', async () => {
  const buffer = Buffer.alloc(BYTES)
  const one = async (): Promise<void> => {
    const client = connect()
    const lease = client.alloc(BYTES)
    lease.fill(1)
    lease.release()
    const file = await client.open(path)
    assert.equal((await file.read(buffer, 0, BYTES, 0)).bytesRead, BYTES)
    await file.close()
    await client.close()
  }
  await one()
  const before = residentBytes()
  for (let count = 0; count < CLIENTS; count++) await one()
  const grown = residentBytes() - before
  assert.ok(grown < GROWTH_BYTES_MAX, `${(grown / 2 ** 20).toFixed(1)} MiB more resident`)
})

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
