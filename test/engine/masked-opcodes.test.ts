/**
 * Shows that on a kernel without some opcode the same call gives the same result, another way: the
 * opcode is masked out of the probe, so the actor takes the path of an older kernel.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'

const IORING_OP_FTRUNCATE = 55

let directory: string
let actor: Actor
let client: Client

before(async () => {
  process.env.URING_ACTOR_MASK_OPCODES = String(IORING_OP_FTRUNCATE)
  directory = mkdtempSync(join(tmpdir(), 'uring-actor-masked-'))
  actor = await spawnActor()
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
  delete process.env.URING_ACTOR_MASK_OPCODES
  rmSync(directory, { recursive: true })
})

test('truncate works without its opcode, asynchronous and synchronous', async () => {
  const file = await client.open(join(directory, 'a'), 'w+')
  const submitted = (await actor.stats()).submitted
  await file.truncate(123_456)
  assert.equal((await file.stat()).size, 123_456)
  file.truncateSync(10)
  assert.equal(file.statSync().size, 10)
  assert.equal((await actor.stats()).submitted, submitted, 'nothing of it went through the ring')
  await file.close()
})

test('truncate of a file opened for reading fails as node:fs does', async () => {
  await (await client.open(join(directory, 'b'), 'w')).close()
  const file = await client.open(join(directory, 'b'), 'r')
  await assert.rejects(file.truncate(5), { code: 'EINVAL', syscall: 'ftruncate' })
  await file.close()
})

test('a chain goes on through a member that the ring cannot do', async () => {
  const file = await client.open(join(directory, 'c'), 'w+')
  const read = Buffer.alloc(8)
  const results = await client.chain((chain) => {
    chain.write(file, Buffer.from('abcdefgh'), 0, 8, 0)
    chain.truncate(file, 4)
    chain.read(file, read, 0, 8, 0)
  })
  assert.deepEqual(results[0], { bytesWritten: 8, buffer: Buffer.from('abcdefgh') })
  assert.equal((results[2] as { bytesRead: number }).bytesRead, 4)
  assert.equal(read.toString('latin1', 0, 4), 'abcd')
  await file.close()
})
