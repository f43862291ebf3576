// Positions: past 2 GiB, past 4 GiB, as far as a number and a bigint reach.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, assertSameOutcome, pattern, WAYS } from '../ways.ts'

/** Where 32-bit arithmetic would go wrong; a transfer of 16 bytes crosses each. */
const EDGES: readonly number[] = [2 ** 31, 2 ** 32, 2 ** 32 + 2 ** 31, 2 ** 33, 2 ** 40].map(
  (edge) => edge - 5,
)

export async function readsAndWritesCrossTheEdgesOfThirtyTwoBits({
  client,
  path,
}: Context): Promise<void> {
  for (const way of WAYS) {
    const at = path(way.name)
    const file = await way.open(client, at, 'w+')
    for (const [index, edge] of EDGES.entries()) {
      await way.write(file, pattern(16, index), 0, 16, index % 2 === 0 ? edge : BigInt(edge))
    }
    const fd = fs.openSync(at, 'r')
    for (const [index, edge] of EDGES.entries()) {
      const seen = Buffer.alloc(16)
      for (const position of [edge, BigInt(edge)]) {
        assert.equal(await way.read(file, seen, 0, 16, position), 16)
        assertBytes(seen, pattern(16, index), `at ${position}`)
        assert.equal(fs.readSync(fd, seen, 0, 16, edge), 16)
        assertBytes(seen, pattern(16, index), `node:fs at ${position}`)
      }
    }
    assert.equal((await file.stat()).size, EDGES.at(-1)! + 16)
    fs.closeSync(fd)
    await file.close()
  }
}

export async function longTransfersCrossFourGibibytes({ client, path }: Context): Promise<void> {
  const length = 3 * 2 ** 20 + 77
  const from = 2 ** 32 - 2 ** 20 - 9
  for (const way of WAYS) {
    const file = await way.open(client, path(way.name), 'w+')
    for (const position of [from, BigInt(from)]) {
      assert.equal(await way.write(file, pattern(length), 0, length, position), length)
      const seen = Buffer.alloc(length)
      assert.equal(await way.read(file, seen, 0, length, position), length)
      assertBytes(seen, pattern(length))
    }
    assert.equal(fs.statSync(path(way.name)).size, from + length)
    await file.close()
  }
}

export async function theLargestPositionsFailAsInNode({ client, path }: Context): Promise<void> {
  fs.writeFileSync(path('file'), 'content')
  const file = await client.open(path('file'), 'r+')
  const handle = await fs.promises.open(path('file'), 'r+')
  const largest = Number.MAX_SAFE_INTEGER
  const positions = [2 ** 45, largest - 8, largest, 2n ** 53n, 2n ** 62n, 2n ** 63n - 9n]
  for (const position of positions) {
    const bytes = Buffer.alloc(8)
    // FileHandle.read of Node 20 passes over a bigint, readSync does not.
    await assertSameOutcome(
      async () => (await file.read(bytes, 0, 8, position)).bytesRead,
      () => fs.readSync(handle.fd, bytes, 0, 8, position),
      `read at ${position}`,
    )
    await assertSameOutcome(
      () => file.readSync(bytes, 0, 8, position),
      () => fs.readSync(handle.fd, bytes, 0, 8, position),
      `readSync at ${position}`,
    )
    if (typeof position === 'bigint') continue
    await assertSameOutcome(
      async () => (await file.write(bytes, 0, 8, position)).bytesWritten,
      async () => (await handle.write(bytes, 0, 8, position)).bytesWritten,
      `write at ${position}`,
    )
    await assertSameOutcome(
      () => file.writeSync(bytes, 0, 8, position),
      () => fs.writeSync(handle.fd, bytes, 0, 8, position),
      `writeSync at ${position}`,
    )
  }
  await file.close()
  await handle.close()
}

export async function filesReachToTheLargestSafeNumber({ client, skip }: Context): Promise<void> {
  // Only a filesystem in memory has files as large as that.
  const TMPFS_MAGIC = 0x01021994
  if (!fs.existsSync('/dev/shm') || fs.statfsSync('/dev/shm').type !== TMPFS_MAGIC) {
    skip('/dev/shm is no tmpfs')
  }
  const directory = fs.mkdtempSync('/dev/shm/uring-actor-')
  try {
    const file = await client.open(`${directory}/sparse`, 'w+')
    const beyond = [2n ** 53n + 1n, 2n ** 60n]
    // node:fs, and so the thread pool, cannot write where a number is not exact any more.
    const refused = (await client.actorStats()).engine === 'threadpool' ? beyond : []
    for (const position of refused) {
      await assert.rejects(file.write(pattern(50), 0, 50, position), { code: 'EFBIG' })
    }
    for (const way of WAYS) {
      const reached = refused.length > 0 ? [] : beyond
      for (const position of [2 ** 53 - 100, BigInt(2 ** 53 - 100), ...reached]) {
        assert.equal(await way.write(file, pattern(50), 0, 50, position), 50)
        const seen = Buffer.alloc(60)
        await way.read(file, seen, 0, 50, position)
        assertBytes(seen.subarray(0, 50), pattern(50), `at ${position}`)
      }
      const length = 2 ** 20 + 2 ** 19
      const across = Number.MAX_SAFE_INTEGER - 2 ** 20
      assert.equal(await way.write(file, pattern(length), 0, length, across), length)
      const seen = Buffer.alloc(length)
      assert.equal(await way.read(file, seen, 0, length, across), length)
      assertBytes(seen, pattern(length), 'across 2^53')
    }
    if (refused.length === 0) {
      assert.equal((await file.stat({ bigint: true })).size, 2n ** 60n + 50n)
    }
    await file.close()
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

export async function theOwnPositionMovesByWhatWasDone({ client, path }: Context): Promise<void> {
  for (const direct of [0, fs.constants.O_DIRECT]) {
    const flags = fs.constants.O_RDWR | fs.constants.O_CREAT | direct
    const content = pattern(64 * 4096)
    for (const way of WAYS) {
      const at = path(`${way.name}-${direct}`)
      const file = await way.open(client, at, flags)
      // Blocks at the own position, while others go to places of their own.
      for (let n = 0; n < 64; n++) {
        assert.equal(await way.write(file, content, n * 4096, 4096), 4096)
        await way.read(file, Buffer.alloc(4096), 0, 4096, 0)
      }
      assert.equal(await way.read(file, Buffer.alloc(4096)), 0, 'the position is at the end')
      assertBytes(fs.readFileSync(at), content)
      const again = await way.open(client, at, flags)
      const seen = Buffer.alloc(content.length)
      for (let n = 0; n < 64; n++) await way.read(again, seen, n * 4096, 4096)
      assertBytes(seen, content)
      await again.close()
      await file.close()
    }
  }
}

export async function readsAtTheOwnPositionAtOnceDoNotOverlap({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(300 * 1000)
  fs.writeFileSync(path('file'), content)
  const file = await client.open(path('file'), 'r+')
  const reads = await Promise.all(
    Array.from({ length: 300 }, () => file.read(Buffer.alloc(1000), 0, 1000, null)),
  )
  assertBytes(Buffer.concat(reads.map(({ buffer }) => buffer)), content)
  const copy = await client.open(path('copy'), 'w')
  const writes = Array.from({ length: 300 }, (_, n) => copy.write(content, n * 1000, 1000))
  await Promise.all(writes)
  assertBytes(fs.readFileSync(path('copy')), content)
  await copy.close()
  await file.close()
}
