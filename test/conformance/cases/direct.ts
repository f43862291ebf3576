// Direct I/O, and the block helpers.
import assert from 'node:assert/strict'
import fs, { constants } from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern, WAYS } from '../ways.ts'

const { O_RDWR, O_CREAT, O_DIRECT } = constants
const DIRECT = O_RDWR | O_CREAT | O_DIRECT
const BLOCK = 4096

export async function plainBuffersAreStagedAligned({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const at = path(way.name)
    const file = await way.open(client, at, DIRECT)
    for (const length of [BLOCK, 16 * BLOCK, 3 * 2 ** 20]) {
      // Nothing about the caller's memory is aligned.
      const content = Buffer.concat([Buffer.of(1), pattern(length)])
      assert.equal(await way.write(file, content, 1, length, 2 * BLOCK), length)
      assertBytes(fs.readFileSync(at).subarray(2 * BLOCK, 2 * BLOCK + length), pattern(length))
      const seen = new Uint8Array(new ArrayBuffer(length + 3), 3, length)
      assert.equal(await way.read(file, seen, 0, length, 2 * BLOCK), length)
      assertBytes(seen, pattern(length))
    }
    await file.close()
  }
}

export async function leasesGoStraightToTheDevice({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), DIRECT)
  const lease = client.alloc(8 * BLOCK)
  for (const way of WAYS) {
    lease.set(pattern(8 * BLOCK))
    assert.equal(await way.write(file, lease, 0, 8 * BLOCK, 0), 8 * BLOCK)
    lease.fill(0)
    assert.equal(await way.read(file, lease, BLOCK, BLOCK, 3 * BLOCK), BLOCK)
    const expected = Buffer.alloc(8 * BLOCK)
    pattern(8 * BLOCK).copy(expected, BLOCK, 3 * BLOCK, 4 * BLOCK)
    assertBytes(lease, expected)
  }
  lease.release()
  await file.close()
}

export async function directReadsAreShortAtTheEnd({ client, path }: Context): Promise<void> {
  for (const length of [100, BLOCK, BLOCK + 100, 2 ** 20 + 100, 3 * 2 ** 20]) {
    const at = fileWith(path('file'), pattern(length))
    for (const way of WAYS) {
      const file = await way.open(client, at, DIRECT)
      const seen = Buffer.alloc(4 * 2 ** 20)
      assert.equal(await way.read(file, seen, 0, seen.length, 0), length)
      assertBytes(seen.subarray(0, length), pattern(length))
      assertBytes((await way.call(file, 'readFile')) as Buffer, pattern(length))
      await file.close()
    }
  }
}

export async function blocksAreReadWrittenAndTrimmed({ client, path }: Context): Promise<void> {
  for (const flags of [O_RDWR | O_CREAT, DIRECT]) {
    const file = await client.open(path(`${flags}`), flags, 0o600, { blockSize: BLOCK })
    assert.equal(file.blockSize, BLOCK)
    await Promise.all([5, 1, 3, 0, 2, 4].map((n) => file.writeBlock(n, pattern(BLOCK, n))))
    for (const n of [0, 5, 2]) assertBytes(await file.readBlock(n), pattern(BLOCK, n))
    assert.deepEqual(await file.trimBlock(2), { method: 'hole' })
    assertBytes(await file.readBlock(2), Buffer.alloc(BLOCK))
    assertBytes(await file.readBlock(1), pattern(BLOCK, 1))
    assertBytes(await file.readBlock(3), pattern(BLOCK, 3))
    // Behind the end there is nothing; a block at the end may be short.
    assert.equal((await file.readBlock(6)).length, 0)
    await file.truncate(5 * BLOCK + 10)
    assertBytes(await file.readBlock(5), pattern(BLOCK, 5).subarray(0, 10))
    await file.close()
  }
}

export async function blocksLieFarBeyondFourGibibytes({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+', null, { blockSize: 65_536 })
  const n = 2 ** 24 + 3
  await file.writeBlock(n, pattern(65_536))
  assertBytes(await file.readBlock(n), pattern(65_536))
  assert.equal((await file.stat()).size, (n + 1) * 65_536)
  await file.close()
}

export async function wrongBlocksAreRefused({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+', null, { blockSize: BLOCK })
  for (const n of [-1, 0.5, Number.NaN, 2 ** 53, Math.floor(2 ** 53 / BLOCK)]) {
    await assert.rejects(file.readBlock(n), { code: 'ERR_OUT_OF_RANGE' })
    await assert.rejects(file.writeBlock(n, Buffer.alloc(BLOCK)), { code: 'ERR_OUT_OF_RANGE' })
    await assert.rejects(file.trimBlock(n), { code: 'ERR_OUT_OF_RANGE' })
  }
  await assert.rejects(file.readBlock('1' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  await assert.rejects(file.writeBlock(0, Buffer.alloc(BLOCK - 1)), { code: 'ERR_OUT_OF_RANGE' })
  await assert.rejects(file.writeBlock(0, 'text' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  await file.close()
  const without = await client.open(path('file'), 'r+')
  await assert.rejects(without.readBlock(0), {
    code: 'ERR_INVALID_ARG_VALUE',
    message: /blockSize/,
  })
  await assert.rejects(without.writeBlock(0, Buffer.alloc(1)), { code: 'ERR_INVALID_ARG_VALUE' })
  await assert.rejects(without.trimBlock(0), { code: 'ERR_INVALID_ARG_VALUE' })
  await without.close()
}
