// Leases: memory of the arena that the kernel reads and writes itself.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern, WAYS } from '../ways.ts'

export async function leasesBeginOnAPage({ client }: Context): Promise<void> {
  const leases = [1, 100, 4096, 4097, 65_536, 300_000].map((length) => {
    const lease = client.alloc(length)
    assert.equal(lease.length, length)
    assert.equal(lease.byteOffset % 4096, 0)
    assert.ok(lease instanceof Uint8Array)
    return lease
  })
  assert.equal(client.leases, leases.length)
  const sorted = leases.slice().sort((a, b) => a.byteOffset - b.byteOffset)
  for (let index = 1; index < sorted.length; index++) {
    const before = sorted[index - 1]!
    assert.ok(before.byteOffset + before.length <= sorted[index]!.byteOffset, 'leases overlap')
  }
  for (const lease of leases) {
    lease.release()
    assert.equal(lease.released, true)
    // A second release takes nothing from the next owner.
    lease.release()
  }
  assert.equal(client.leases, 0)
}

export async function theBytesAppearInTheLeaseItself({ client, path }: Context): Promise<void> {
  const content = pattern(8192, 3)
  const file = await client.open(fileWith(path('file'), content))
  const lease = client.alloc(8192)
  lease.fill(0)
  const last = new Int32Array(lease.buffer, lease.byteOffset + 8188, 1)
  const expected = content.readInt32LE(8188)
  const read = file.read(lease, 0, 8192, 0)
  // Requests go out in a microtask. From there on this thread runs no code but this loop, so it
  // cannot be this thread that puts the bytes there.
  await null
  const deadline = Date.now() + 5000
  while (Atomics.load(last, 0) !== expected && Date.now() < deadline);
  assertBytes(Buffer.from(lease), content, 'the lease, before its promise is settled')
  const result = await read
  assert.equal(result.bytesRead, 8192)
  assert.equal(result.buffer, lease)
  lease.release()
  await file.close()
}

export async function leasesAreReadAndWrittenInEveryPart({ client, path }: Context): Promise<void> {
  const content = pattern(20_000)
  for (const way of WAYS) {
    const file = await way.open(client, path(way.name), 'w+')
    const lease = client.alloc(20_000)
    lease.set(content)
    assert.equal(await way.write(file, lease, 0, 20_000, 0), 20_000)
    assert.equal(await way.write(file, lease, 5, 100, 20_000), 100)
    assert.equal(await way.write(file, lease.subarray(7, 17), 0, 10, 20_100), 10)
    const expected = Buffer.concat([content, content.subarray(5, 105), content.subarray(7, 17)])
    assertBytes(fs.readFileSync(path(way.name)), expected)
    lease.fill(0xee)
    assert.equal(await way.read(file, lease, 50, 60, 3), 60)
    assert.equal(await way.read(file, lease.subarray(200, 300), 10, 20, 77), 20)
    const words = new Uint32Array(lease.buffer, lease.byteOffset + 400, 10)
    assert.equal(await way.read(file, words, 0, 40, 1000), 40)
    const seen = Buffer.alloc(20_000, 0xee)
    content.copy(seen, 50, 3, 63)
    content.copy(seen, 210, 77, 97)
    content.copy(seen, 400, 1000, 1040)
    assertBytes(lease, seen, `${way.name}: the lease`)
    lease.release()
    await file.close()
  }
}

export async function subarraysOfALeaseArePlainViews({ client }: Context): Promise<void> {
  const lease = client.alloc(100)
  const part = lease.subarray(10, 20)
  assert.equal(part.constructor, Uint8Array)
  assert.equal(part.buffer, lease.buffer)
  assert.notEqual(lease.slice(0, 10).buffer, lease.buffer as unknown)
  lease[Symbol.dispose]()
  assert.equal(lease.released, true)
}

export async function aLeaseReleasedInFlightStaysUntilItIsDone({
  client,
  path,
}: Context): Promise<void> {
  const length = 400_000
  const file = await client.open(fileWith(path('file'), pattern(length)), 'r+')
  for (let round = 0; round < 20; round++) {
    const lease = client.alloc(length)
    const read = file.read(lease, 0, length, 0)
    lease.release()
    const other = client.alloc(length)
    assert.notEqual(other.byteOffset, lease.byteOffset, 'memory in flight was given away')
    other.fill(round)
    await read
    assert.ok(
      other.every((byte) => byte === round),
      'the read reached memory of another owner',
    )
    other.release()
  }
  await file.close()
}

export async function releasedMemoryIsRefused({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const lease = client.alloc(4096)
  lease.release()
  const refused = { name: 'UringError', code: 'ERR_URING_LEASE_RELEASED' }
  await assert.rejects(file.read(lease, 0, 100, 0), refused)
  await assert.rejects(file.write(lease, 0, 100, 0), refused)
  assert.throws(() => file.readSync(lease, 0, 100, 0), refused)
  assert.throws(() => file.writeSync(lease, 0, 100, 0), refused)
  await assert.rejects(
    client.chain((chain) => chain.read(file, lease, 0, 100, 0)),
    refused,
  )
  assertBytes(fs.readFileSync(path('file')), pattern(100))
  await file.close()
}

export async function aReleasedLeaseIsRefusedAlsoWhenItsMemoryIsInUseAgain({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const released = client.alloc(4096)
  const { byteOffset } = released
  released.release()
  const next = client.alloc(4096)
  assert.equal(next.byteOffset, byteOffset, 'the same memory')
  next.fill(7)
  const refused = { name: 'UringError', code: 'ERR_URING_LEASE_RELEASED' }
  await assert.rejects(file.read(released, 0, 100, 0), refused)
  await assert.rejects(file.write(released, 0, 100, 0), refused)
  await assert.rejects(file.readv([released], 0), refused)
  assert.throws(() => file.writeSync(released), refused)
  await assert.rejects(
    client.chain((chain) => chain.write(file, released, 0, 100, 0)),
    refused,
  )
  assert.ok(next.every((byte) => byte === 7))
  assertBytes(fs.readFileSync(path('file')), pattern(100))
  next.release()
  await file.close()
}

export async function aViewAcrossTwoLeasesIsRefused({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const leases = [client.alloc(4096), client.alloc(4096)]
  const first = leases.reduce((a, b) => (a.byteOffset < b.byteOffset ? a : b))
  const across = new Uint8Array(first.buffer, first.byteOffset + 4000, 200)
  await assert.rejects(file.read(across, 0, 200, 0), { code: 'ERR_URING_LEASE_RELEASED' })
  for (const lease of leases) lease.release()
  await file.close()
}

export async function anArenaThatIsFullSaysSo({ client, path }: Context): Promise<void> {
  const full = { name: 'UringError', code: 'ERR_URING_ARENA_FULL', message: /bytes are free/ }
  const leases = []
  for (let size = 2 ** 30; size >= 4096; size /= 2) {
    try {
      for (;;) leases.push(client.alloc(size))
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_URING_ARENA_FULL')
    }
  }
  assert.throws(() => client.alloc(1), full)
  assert.throws(() => client.openSync(fileWith(path('file'), 'content')), full)
  assert.throws(() => client.alloc(2 ** 40), full)
  for (const lease of leases) lease.release()
  const file = client.openSync(path('file'))
  assert.equal(file.readFileSync('utf8'), 'content')
  file.closeSync()
}

export async function waitersForMemoryGetItInTurn({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(10_000)))
  const leases = []
  for (let size = 2 ** 30; size >= 4096; size /= 2) {
    try {
      for (;;) leases.push(client.alloc(size))
    } catch {
      // Nothing of this size is left.
    }
  }
  const reads = Array.from({ length: 50 }, () => Buffer.alloc(10_000))
  const done = Promise.all(reads.map((buffer) => file.read(buffer, 0, 10_000, 0)))
  await new Promise((resolve) => setTimeout(resolve, 10))
  for (const lease of leases) lease.release()
  for (const { bytesRead, buffer } of await done) {
    assert.equal(bytesRead, 10_000)
    assertBytes(buffer, pattern(10_000))
  }
  await file.close()
}

export async function wrongLengthsAreRefused({ client }: Context): Promise<void> {
  for (const length of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.throws(() => client.alloc(length), { code: 'ERR_OUT_OF_RANGE' })
  }
  for (const length of [undefined, null, '5', 5n, {}]) {
    assert.throws(() => client.alloc(length as never), { code: 'ERR_INVALID_ARG_TYPE' })
  }
}
