// The memory that a client's I/O went through goes back to the system when it closes, not when some
// collector finds it.
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
