// A call holds its leases from when it is made, wherever it waits: the memory is nobody else's before it has ended,
// also when the lease is released at once.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type Client, connect, type Lease, type UringFile } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096
const BLOCKS = 4
const OURS = 1
const THEIRS = 2

/** Makes a call with leases, releases them, and has somebody else use all memory that is free then. */
async function callThenReuse<T>(
  client: Client,
  leases: readonly Lease[],
  call: () => Promise<T>,
): Promise<T> {
  const called = call()
  for (const lease of leases) lease.release()
  const others: Lease[] = []
  try {
    for (;;) others.push(client.alloc(BLOCK).fill(THEIRS) as Lease)
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ERR_URING_ARENA_FULL')
  }
  // What stages its bytes may wait for memory.
  for (const other of others.splice(-8)) other.release()
  const result = await called
  for (const other of others) {
    assert.ok(
      other.every((byte) => byte === THEIRS),
      'memory of another owner was written',
    )
    other.release()
  }
  return result
}

function leasesOf(client: Client, count: number): Lease[] {
  return Array.from({ length: count }, () => client.alloc(BLOCK).fill(OURS) as Lease)
}

/** Something that has what is called next wait for its turn. */
function holdUp(client: Client, file: UringFile): Promise<unknown> {
  return Promise.all([file.stat(), client.nop({ drain: true })])
}

export async function behindADrainedOperation({ client, path }: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const source = await client.open(fileWith(path('source'), content))
  const target = await client.open(path('target'), 'w+')
  for (let round = 0; round < 5; round++) {
    const [read, write] = leasesOf(client, 2) as [Lease, Lease]
    const before = holdUp(client, target)
    await callThenReuse(client, [read, write], () =>
      Promise.all([
        source.read(read, 0, BLOCK, BLOCK),
        source.read(read, { position: BLOCK, signal: new AbortController().signal }),
        target.write(write, 0, BLOCK, 0),
        target.writeDurable(write, 0, BLOCK, BLOCK),
        target.write(write, 0, BLOCK, 2 * BLOCK, { drain: true }),
      ]),
    )
    await before
    assertBytes(fs.readFileSync(path('target')), Buffer.alloc(3 * BLOCK, OURS))
  }
  await source.close()
  await target.close()
}

export async function inAChainThatWaits({ client, path }: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const file = await client.open(fileWith(path('file'), content), 'r+')
  for (let round = 0; round < 5; round++) {
    const [read, write] = leasesOf(client, 2) as [Lease, Lease]
    // The first time its turn is waited for, then room.
    const before =
      round === 0
        ? holdUp(client, file)
        : Promise.all(Array.from({ length: 1200 }, () => client.nop()))
    const [first] = (await callThenReuse(client, [read, write], () =>
      client.chain((chain) =>
        chain.read(file, read, 0, BLOCK, BLOCK).write(file, write, 0, BLOCK, 0),
      ),
    )) as [{ bytesRead: number }]
    await before
    assert.equal(first.bytesRead, BLOCK)
    assertBytes(fs.readFileSync(path('file')).subarray(0, BLOCK), Buffer.alloc(BLOCK, OURS))
  }
  await file.close()
}

export async function inAVector({ client, path }: Context): Promise<void> {
  const source = await client.open(fileWith(path('source'), pattern(BLOCKS * BLOCK)))
  const target = await client.open(path('target'), 'w+')
  for (const count of [1, 2, BLOCKS]) {
    const leases = leasesOf(client, count)
    const before = holdUp(client, target)
    const { bytesWritten } = await callThenReuse(client, leases, () => target.writev(leases, 0))
    await before
    assert.equal(bytesWritten, count * BLOCK)
    assertBytes(fs.readFileSync(path('target')), Buffer.alloc(count * BLOCK, OURS))
    const more = leasesOf(client, count)
    const { bytesRead } = await callThenReuse(client, more, () => source.readv(more, 0))
    assert.equal(bytesRead, count * BLOCK)
  }
  await source.close()
  await target.close()
}

export async function ofAnotherClientOfTheThread({ client, path }: Context): Promise<void> {
  const source = await client.open(fileWith(path('source'), pattern(BLOCKS * BLOCK)))
  await using other = connect()
  const calls: ReadonlyArray<(lease: Lease) => Promise<unknown>> = [
    (lease) => source.read(lease, 0, BLOCK, 100),
    (lease) => source.readv([lease, Buffer.alloc(10)], 100),
    (lease) => client.chain((chain) => chain.read(source, lease, 0, BLOCK, 100)),
  ]
  for (const call of calls) {
    const [lease] = leasesOf(other, 1) as [Lease]
    await callThenReuse(other, [lease], () => call(lease))
    await assert.rejects(call(lease), { code: 'ERR_URING_LEASE_RELEASED' })
    const [kept] = leasesOf(other, 1) as [Lease]
    await call(kept)
    assertBytes(kept, pattern(BLOCKS * BLOCK).subarray(100, 100 + BLOCK))
    kept.release()
  }
  await source.close()
}

export async function viewsOfReleasedOnesAreRefusedEverywhere({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const lease = client.alloc(BLOCK)
  const view = lease.subarray(0, 10)
  lease.release()
  const refused = { code: 'ERR_URING_LEASE_RELEASED' }
  for (const call of [
    () => file.read(view, 0, 10, 0),
    () => file.write(view, 0, 10, 0),
    () => file.writeDurable(view, 0, 10, 0),
    () => file.readv([view, view], 0),
    () => file.writev([view, view], 0),
    () => file.writeFile(view),
    () => file.writeFile([view]),
  ]) {
    await assert.rejects(call(), refused)
  }
  assertBytes(fs.readFileSync(path('file')), pattern(100))
  await file.close()
}
