// Transfers longer than one piece, and longer than the client's whole arena.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Lease } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern, WAYS } from '../ways.ts'

const MIB = 2 ** 20
const LENGTHS = [MIB, MIB + 1, 2 * MIB - 1, 5 * MIB, 40 * MIB + 3]

export async function longTransfersAreWholeAndInOrder({ client, path }: Context): Promise<void> {
  for (const length of LENGTHS) {
    const content = pattern(length)
    for (const way of WAYS) {
      for (const position of [0, null, 12_345]) {
        const at = path('file')
        const file = await way.open(client, at, 'w+')
        assert.equal(await way.write(file, content, 0, length, position), length)
        assertBytes(fs.readFileSync(at).subarray(position ?? 0), content)
        await file.close()
        const again = await way.open(client, at)
        const seen = Buffer.alloc(length + 10)
        assert.equal(await way.read(again, seen, 5, length, position), length)
        assertBytes(seen.subarray(5, 5 + length), content)
        await again.close()
      }
    }
  }
}

export async function aTransferMayBeLargerThanTheArena({ client, path }: Context): Promise<void> {
  const length = 70 * MIB
  const content = pattern(length)
  const at = path('file')
  const file = await client.open(at, 'w+')
  assert.equal((await file.write(content, 0, length, 0)).bytesWritten, length)
  assertBytes(fs.readFileSync(at), content)
  const seen = Buffer.alloc(length)
  assert.equal(file.readSync(seen, 0, length, 0), length)
  assertBytes(seen, content)
  await file.close()
}

export async function longReadsAreShortAtTheEnd({ client, path }: Context): Promise<void> {
  const length = 3 * MIB + 123
  const content = pattern(length)
  const file = await client.open(fileWith(path('file'), content))
  for (const way of WAYS) {
    for (const position of [0, 1, MIB, length - 1, length, length + 1]) {
      const seen = Buffer.alloc(8 * MIB)
      const expected = Math.max(0, length - position)
      assert.equal(await way.read(file, seen, 0, seen.length, position), expected)
      assertBytes(seen.subarray(0, expected), content.subarray(position))
    }
  }
  await file.close()
}

export async function longTransfersAtOnceDoNotMix({ client, path }: Context): Promise<void> {
  const length = 3 * MIB + 7
  const files = await Promise.all(
    Array.from({ length: 12 }, (_, n) => client.open(path(`${n}`), 'w+')),
  )
  const writes = await Promise.all(
    files.map((file, n) => file.write(pattern(length, n), 0, length, n)),
  )
  assert.ok(writes.every(({ bytesWritten }) => bytesWritten === length))
  const reads = await Promise.all(
    files.map((file, n) => file.read(Buffer.alloc(length), 0, length, n)),
  )
  reads.forEach(({ buffer }, n) => {
    assertBytes(buffer, pattern(length, n))
  })
  await Promise.all(files.map((file) => file.close()))
}

export async function longAppendsStayInOrder({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const at = fileWith(path(way.name), 'begin')
    const file = await way.open(client, at, 'a')
    assert.equal(await way.write(file, pattern(5 * MIB + 1)), 5 * MIB + 1)
    assertBytes(fs.readFileSync(at).subarray(5), pattern(5 * MIB + 1))
    await file.close()
  }
}

export async function aLongLeaseIsOneTransfer({ client, path }: Context): Promise<void> {
  const length = 24 * MIB + 5
  const content = pattern(length)
  const lease = client.alloc(length)
  const file = await client.open(path('file'), 'w+')
  for (const way of WAYS) {
    lease.set(content)
    assert.equal(await way.write(file, lease, 0, length, 3), length)
    lease.fill(0)
    assert.equal(await way.read(file, lease, 0, length, 3), length)
    assertBytes(lease, content)
  }
  lease.release()
  await file.close()
}

export async function aTransferMakesDoWithThePiecesOfMemoryThatThereAre({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(3 * MIB + 5)
  const leases: Lease[] = []
  try {
    for (;;) leases.push(client.alloc(4096))
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'ERR_URING_ARENA_FULL')
  }
  // No two pages beside each other are free.
  const kept = leases.filter((lease) => {
    if ((lease.byteOffset / 4096) % 2 === 0) return true
    lease.release()
    return false
  })
  for (const way of WAYS) {
    const file = await way.open(client, path('file'), 'w+')
    assert.equal(await way.write(file, content, 0, content.length, 0), content.length)
    assertBytes(fs.readFileSync(path('file')), content)
    assertBytes((await way.call(file, 'readFile')) as Buffer, content)
    await file.close()
  }
  for (const lease of kept) lease.release()
}
