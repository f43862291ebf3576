// The space of a file: trim, allocate, truncate, and the ways to bring bytes to the disk.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, assertSameOutcome, fileWith, pattern, WAYS } from '../ways.ts'

const MIB = 2 ** 20

export async function trimPunchesAHole({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const at = fileWith(path(way.name), pattern(MIB))
    const file = await way.open(client, at, 'r+')
    await file.sync()
    const before = (await file.stat()).blocks
    const result = await way.call(file, 'trim', MIB / 4, MIB / 2)
    assert.deepEqual(result, { method: 'hole' })
    const after = await file.stat()
    assert.equal(after.size, MIB)
    assert.equal(before - after.blocks, MIB / 2 / 512)
    const expected = pattern(MIB).fill(0, MIB / 4, (MIB * 3) / 4)
    const seen = Buffer.alloc(MIB)
    assert.equal(await way.read(file, seen, 0, MIB, 0), MIB)
    assertBytes(seen, expected)
    assertBytes(fs.readFileSync(at), expected)
    await file.close()
  }
}

export async function trimOfPartsOfBlocksReadsAsZeros({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(100_000))
  const file = await client.open(at, 'r+')
  const expected = pattern(100_000)
  for (const [position, length] of [
    [1, 1],
    [4095, 2],
    [10_000, 5000],
    [50_001, 20_003],
    [99_990, 100],
    [200_000, 4096],
  ] as const) {
    await file.trim(position, BigInt(length))
    expected.fill(0, Math.min(position, 100_000), Math.min(position + length, 100_000))
    assertBytes(fs.readFileSync(at), expected, `after trim(${position}, ${length})`)
  }
  assert.equal((await file.stat()).size, 100_000)
  await file.close()
}

export async function whatWasTrimmedCanBeWrittenAgain({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(MIB)), 'r+')
  await file.trim(0, MIB)
  await file.write(pattern(4096, 5), 0, 4096, 8192)
  const expected = Buffer.alloc(MIB)
  pattern(4096, 5).copy(expected, 8192)
  assertBytes(fs.readFileSync(path('file')), expected)
  await file.close()
}

export async function allocateReservesSpace({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const at = fileWith(path(way.name), 'content')
    const file = await way.open(client, at, 'r+')
    await way.call(file, 'allocate', 0, MIB)
    await way.call(file, 'allocate', BigInt(MIB), 4096n)
    const { size, blocks } = await file.stat()
    assert.equal(size, MIB + 4096)
    assert.ok(blocks >= size / 512, `${blocks} blocks`)
    const expected = Buffer.alloc(size)
    expected.write('content')
    assertBytes(fs.readFileSync(at), expected)
    await file.close()
  }
}

export async function truncateSetsTheSizeAsInNode({ client, path }: Context): Promise<void> {
  const sizes = [50, 0, 100, 2 ** 33, 7, -1, undefined]
  for (const way of WAYS) {
    const file = await way.open(client, fileWith(path('ours'), pattern(1000)), 'r+')
    const handle = await fs.promises.open(fileWith(path('nodes'), pattern(1000)), 'r+')
    for (const size of sizes) {
      await way.call(file, 'truncate', size)
      await handle.truncate(size)
      const { size: seen } = fs.statSync(path('ours'))
      assert.equal(seen, fs.statSync(path('nodes')).size, `${way.name} truncate(${size})`)
      const read = (at: string) => {
        const bytes = Buffer.alloc(2000)
        const fd = fs.openSync(at, 'r')
        const length = fs.readSync(fd, bytes)
        fs.closeSync(fd)
        return bytes.subarray(0, length)
      }
      assertBytes(read(path('ours')), read(path('nodes')), `after truncate(${size})`)
    }
    await way.call(file, 'truncate', 12345n)
    assert.equal(fs.statSync(path('ours')).size, 12345)
    await file.close()
    await handle.close()
  }
}

export async function everySyncSucceeds({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const file = await way.open(client, fileWith(path(way.name), pattern(MIB)), 'r+')
    await way.write(file, pattern(4096), 0, 4096, 0)
    assert.equal(await way.call(file, 'sync'), undefined)
    await way.write(file, pattern(4096), 0, 4096, 0)
    assert.equal(await way.call(file, 'datasync'), undefined)
    assert.equal(await way.call(file, 'syncRange', 0, 4096), undefined)
    assert.equal(await way.call(file, 'syncRange', 4096n, 0n), undefined)
    assert.equal(await way.call(file, 'syncRange', 0, 2 ** 40), undefined)
    await file.close()
    // fsync needs no right to write.
    const readOnly = await way.open(client, path(way.name))
    assert.equal(await way.call(readOnly, 'sync'), undefined)
    assert.equal(await way.call(readOnly, 'datasync'), undefined)
    await readOnly.close()
  }
}

export async function syncWritesDirtyPagesOut({ client, path }: Context): Promise<void> {
  for (const method of ['sync', 'datasync'] as const) {
    const at = path(method)
    const file = await client.open(at, 'w+')
    await file.write(pattern(MIB), 0, MIB, 0)
    await file[method]()
    // ext4 gives a block its place only when it is written out.
    assert.ok((await file.stat()).blocks >= MIB / 512)
    await file.close()
  }
}

export async function syncOfWhatCannotBeSyncedFailsAsInNode({ client }: Context): Promise<void> {
  const file = await client.open('/dev/null', 'r+')
  const handle = await fs.promises.open('/dev/null', 'r+')
  for (const method of ['sync', 'datasync'] as const) {
    await assertSameOutcome(
      () => file[method](),
      () => handle[method](),
      method,
    )
  }
  await file.close()
  await handle.close()
}

export async function badRangesFailAsTheKernelSays({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'content'), 'r+')
  await assert.rejects(file.allocate(0, 0), { code: 'EINVAL', syscall: 'fallocate' })
  await assert.rejects(file.trim(0, 0), { code: 'EINVAL', syscall: 'trim' })
  await assert.rejects(file.allocate(0, 2 ** 52), { code: 'EFBIG', syscall: 'fallocate' })
  await file.close()
  const readOnly = await client.open(path('file'))
  await assert.rejects(readOnly.allocate(0, 10), { code: 'EBADF', syscall: 'fallocate' })
  await assert.rejects(readOnly.trim(0, 10), { code: 'EBADF', syscall: 'trim' })
  const handle = await fs.promises.open(path('file'))
  await assertSameOutcome(
    () => readOnly.truncate(3),
    () => handle.truncate(3),
    'truncate of a file that was opened for reading',
  )
  await handle.close()
  await readOnly.close()
}
