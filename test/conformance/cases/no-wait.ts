// { noWait: true }: where others would wait for their turn, ERR_URING_BUSY, and what it was that is full.
import assert from 'node:assert/strict'
import { BusyError, type Lease, UringError } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { callsOf, fillArena } from '../giving-up.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096
const noWait = true

async function busyReason(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => assert.fail('it was not busy'),
    (failure) => failure,
  )
  if (!(error instanceof BusyError)) throw error
  assert.ok(error instanceof UringError)
  assert.equal(error.code, 'ERR_URING_BUSY')
  return error.reason
}

export async function withRoomNothingIsDifferent({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(8 * BLOCK))
  const file = await client.open(at, 'r+', null, { blockSize: BLOCK })
  for (const { run } of callsOf(client, file)) await run({ noWait })
  await file.close()
}

export async function aFullChannelIsTold({ client }: Context): Promise<void> {
  const calls = Array.from({ length: 20_000 }, () => client.nop({ noWait }))
  const results = await Promise.allSettled(calls)
  const accepted = results.filter(({ status }) => status === 'fulfilled').length
  assert.ok(accepted >= 2 && accepted < 20_000, `${accepted} were accepted`)
  for (const result of results) {
    if (result.status === 'rejected') assert.equal(result.reason.reason, 'channel')
  }
  const first = results.findIndex(({ status }) => status === 'rejected')
  assert.equal(first, accepted, 'the first ones had room')
  assert.match((results[first] as PromiseRejectedResult).reason.message, /the channel is full/)
  // A chain needs room for all of its members.
  const most = Array.from({ length: accepted - 1 }, () => client.nop())
  const chain = client.chain((builder) => builder.nop().nop(), { noWait })
  assert.equal(await busyReason(chain), 'channel')
  await Promise.all(most)
  await client.nop({ noWait })
}

export async function aFullArenaIsTold({ client, path }: Context): Promise<void> {
  const content = pattern(4 * BLOCK)
  const file = await client.open(fileWith(path('file'), content), 'r+')
  const leases = fillArena(client)
  const buffer = Buffer.alloc(BLOCK)
  for (const call of [
    () => file.read(buffer, 0, BLOCK, null, { noWait }),
    () => file.write(buffer, 0, BLOCK, 0, { noWait }),
    () => file.writeDurable(buffer, 0, BLOCK, 0, { noWait }),
    () => file.readMany([0, BLOCK], BLOCK, { noWait }),
    () => file.readv([buffer], 0, { noWait }),
    () => file.readFile({ noWait }),
    () => file.stat({ noWait }),
    () => client.open(file.path, 'r', null, { noWait }),
    () => client.chain((chain) => chain.read(file, buffer, 0, BLOCK, 0), { noWait }),
  ]) {
    assert.equal(await busyReason(call()), 'arena')
  }
  // What needs no memory of the arena, or has a lease, has room.
  await client.nop({ noWait })
  await file.datasync({ noWait })
  const lease = leases.find(({ length }) => length === BLOCK) ?? (leases[0] as Lease)
  const { bytesRead } = await file.read(lease, 0, BLOCK, 0, { noWait })
  assertBytes(lease.subarray(0, bytesRead), content.subarray(0, BLOCK))
  for (const each of leases) each.release()
  assert.equal((await file.read(buffer, 0, BLOCK, 0, { noWait })).bytesRead, BLOCK)
  await file.close()
}

export async function nobodyJumpsTheLine({ client }: Context): Promise<void> {
  const waiting = Array.from({ length: 20_000 }, () => client.nop())
  assert.equal(await busyReason(client.nop({ noWait })), 'line')
  await Promise.all(waiting)
  await client.nop({ noWait })
}

export async function aDrainIsToldToo({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(64 * BLOCK)))
  const positions = Array.from({ length: 5000 }, (_, n) => (n % 64) * BLOCK)
  const batch = file.readMany(positions, BLOCK)
  assert.equal(await busyReason(client.nop({ drain: true, noWait })), 'drain')
  const drained = client.nop({ drain: true })
  assert.equal(await busyReason(client.nop({ noWait })), 'drain')
  await Promise.all([batch, drained])
  await client.nop({ drain: true, noWait })
  await file.close()
}

export async function onlyTheFirstPieceMustHaveRoom({ client, path }: Context): Promise<void> {
  const content = pattern(12 * 2 ** 20 + 5)
  const file = await client.open(path('file'), 'w+')
  // More than the memory of a small arena: the later pieces wait for the earlier.
  const { bytesWritten } = await file.write(content, 0, content.length, 0, { noWait })
  assert.equal(bytesWritten, content.length)
  assertBytes((await file.readFile({ noWait })) as Buffer, content)
  await file.close()
}
