// readv and writev: several buffers, one transfer.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, assertSameOutcome, fileWith, pattern, WAYS } from '../ways.ts'

const LENGTHS: readonly number[][] = [
  [10],
  [3, 5, 7],
  [0, 5],
  [5, 0, 5],
  [5, 0],
  [0],
  [1, 1, 1, 1, 1],
  [4096, 1, 4096],
  [600_000, 600_000],
  [1 << 20, 1 << 20, 3],
  Array.from({ length: 200 }, (_, n) => n),
]

const sum = (lengths: readonly number[]): number => lengths.reduce((total, n) => total + n, 0)

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0
  return lengths.map((length) => {
    at += length
    return bytes.subarray(at - length, at)
  })
}

export async function vectorsReadIntoEachBufferInTurn({ client, path }: Context): Promise<void> {
  for (const lengths of LENGTHS) {
    const total = sum(lengths)
    const content = pattern(total + 10)
    const at = fileWith(path('file'), content)
    for (const way of WAYS) {
      const file = await way.open(client, at)
      for (const position of [10, 0, 10n, null]) {
        const buffers = lengths.map((length) => Buffer.alloc(length))
        assert.equal(await way.readv(file, buffers, position), total)
        const expected = content.subarray(Number(position)).subarray(0, total)
        assertBytes(Buffer.concat(buffers), expected, `${way.name} readv ${lengths} at ${position}`)
      }
      await file.close()
    }
  }
}

export async function vectorsWriteEachBufferInTurn({ client, path }: Context): Promise<void> {
  for (const lengths of LENGTHS) {
    const total = sum(lengths)
    const content = pattern(total)
    for (const way of WAYS) {
      const file = await way.open(client, path('file'), 'w')
      assert.equal(await way.writev(file, cut(content, lengths), total), total)
      assert.equal(await way.writev(file, cut(content, lengths)), total)
      await file.close()
      // The second went to the file's own position, which the first had left at 0.
      assertBytes(fs.readFileSync(path('file')), Buffer.concat([content, content]))
    }
  }
}

export async function vectorsAreShortAtTheEndAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(25))
  const handle = await fs.promises.open(at)
  const file = await client.open(at)
  for (const position of [0, 10, 24, 25, 100, null, null]) {
    const vectors = [0, 1].map(() => [10, 0, 10, 10].map((length) => Buffer.alloc(length, 0xee)))
    const expected = await handle.readv(vectors[0]!, position as number)
    const seen = await file.readv(vectors[1]!, position)
    assert.equal(seen.bytesRead, expected.bytesRead)
    assert.equal(seen.buffers, vectors[1])
    assert.deepEqual(vectors[1], vectors[0])
  }
  await file.close()
  await handle.close()
}

export async function vectorsTakeEveryView({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const content = pattern(64)
  const lease = client.alloc(16)
  lease.set(content.subarray(0, 16))
  const shared = new Uint8Array(new SharedArrayBuffer(16))
  shared.set(content.subarray(16, 32))
  const written = [
    lease,
    shared,
    new DataView(content.buffer, content.byteOffset + 32, 16),
    content.subarray(48),
  ]
  assert.equal((await file.writev(written, 0)).bytesWritten, 64)
  lease.fill(0)
  shared.fill(0)
  const words = new Uint16Array(8)
  const view = new DataView(new ArrayBuffer(20), 2, 16)
  assert.equal((await file.readv([lease, shared, words, view], 0)).bytesRead, 64)
  const seen = [lease, shared, words, view].map((part) =>
    Buffer.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength)),
  )
  assertBytes(Buffer.concat(seen), content)
  lease.release()
  await file.close()
}

export async function wrongVectorsFailAsInNode({ client, path }: Context): Promise<void> {
  const at = fileWith(path('file'), pattern(25))
  const handle = await fs.promises.open(at, 'r+')
  const file = await client.open(at, 'r+')
  const facts = async (call: () => Promise<unknown>): Promise<unknown> => {
    try {
      await call()
      return 'no error'
    } catch (error) {
      return { name: (error as Error).name, code: (error as NodeJS.ErrnoException).code }
    }
  }
  for (const wrong of [undefined, null, 5, 'text', {}, [5], [null], ['text'], Buffer.alloc(4)]) {
    for (const method of ['readv', 'writev'] as const) {
      const given = wrong as never
      assert.deepEqual(
        await facts(() => file[method](given)),
        await facts(() => handle[method](given)),
        `${method}(${String(wrong)})`,
      )
    }
  }
  await assertSameOutcome(
    async () => (await file.writev([])).bytesWritten,
    async () => (await handle.writev([])).bytesWritten,
    'writev([])',
  )
  await file.close()
  await handle.close()
}

export async function whatTheCallerDoesToHisListChangesNothing({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const content = [pattern(100, 1), pattern(50, 2)]
  const holdUp = (): Promise<unknown> => Promise.all([file.stat(), client.nop({ drain: true })])
  const held = holdUp()
  const given = [...content]
  const writing = file.writev(given, 0)
  given.length = 0
  assert.equal((await writing).bytesWritten, 150)
  const heldAgain = holdUp()
  const targets = [Buffer.alloc(100), Buffer.alloc(50)]
  const taken = [...targets]
  const reading = file.readv(taken, 0)
  taken.fill(Buffer.alloc(1))
  assert.equal((await reading).bytesRead, 150)
  assertBytes(Buffer.concat(targets), Buffer.concat(content))
  await Promise.all([held, heldAgain])
  await file.close()
}
