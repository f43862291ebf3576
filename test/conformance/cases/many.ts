// Many operations at once: more than the channel holds, of all kinds, and in batches.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096
const BLOCKS = 256

export async function batchesReadEveryPosition({ client, path }: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const file = await client.open(fileWith(path('file'), content))
  for (const length of [1, 100, BLOCK, 100_000]) {
    const positions = Array.from({ length: 3000 }, (_, n) => (n * 7919) % content.length)
    // A batch's memory is one range: not more than is reasonable here.
    const some = length > BLOCK ? positions.slice(0, 300) : positions
    for (const given of [some, Float64Array.from(some)]) {
      const views = await file.readMany(given, length)
      assert.equal(views.length, some.length)
      views.forEach((view, index) => {
        const at = some[index]!
        assertBytes(view, content.subarray(at, at + length), `${length} bytes at ${at}`)
      })
    }
  }
  assert.deepEqual(await file.readMany([], 10), [])
  assert.equal((await file.readMany([content.length + 5], 10))[0]!.length, 0)
  await file.close()
}

export async function batchesFailAsAWhole({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w')
  await assert.rejects(file.readMany([0, 1, 2], 10), { code: 'EBADF', syscall: 'read' })
  for (const positions of [[-1], [0.5], [Number.NaN], [0, 2 ** 53]]) {
    await assert.rejects(file.readMany(positions, 10), { code: 'ERR_OUT_OF_RANGE' })
  }
  await assert.rejects(file.readMany(['1'] as never, 10), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const length of [0, -1, 1.5, 2 ** 40]) {
    await assert.rejects(file.readMany([0], length), { code: 'ERR_OUT_OF_RANGE' })
  }
  for (const wrong of [undefined, null, 5, {}]) {
    await assert.rejects(file.readMany(wrong as never, 10), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  await file.close()
}

export async function moreReadsThanTheChannelHolds({ client, path }: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const file = await client.open(fileWith(path('file'), content))
  const reads = await Promise.all(
    Array.from({ length: 5000 }, (_, n) =>
      file.read(Buffer.alloc(BLOCK), 0, BLOCK, ((n * 37) % BLOCKS) * BLOCK),
    ),
  )
  reads.forEach(({ bytesRead, buffer }, n) => {
    const at = ((n * 37) % BLOCKS) * BLOCK
    assert.equal(bytesRead, BLOCK)
    assertBytes(buffer, content.subarray(at, at + BLOCK), `read ${n}`)
  })
  await file.close()
}

export async function operationsOfAllKindsAtOnce({ client, path }: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const files = await Promise.all(
    [0, 1, 2].map((n) => client.open(fileWith(path(`${n}`), content), 'r+')),
  )
  const work: Promise<unknown>[] = []
  for (let n = 0; n < 3000; n++) {
    const file = files[n % 3]!
    const block = (n * 31) % BLOCKS
    const at = block * BLOCK
    const kind = n % 11
    if (kind < 5) {
      work.push(
        file.read(Buffer.alloc(BLOCK), 0, BLOCK, at).then(({ buffer }) => {
          assertBytes(buffer, content.subarray(at, at + BLOCK))
        }),
      )
    } else if (kind < 8) work.push(file.write(content, at, BLOCK, at))
    else if (kind === 8) work.push(file.stat())
    else if (kind === 9) work.push(client.nop())
    else if (n % 10 === 0) work.push(file.datasync())
    else work.push(file.readMany([at, 0], BLOCK))
  }
  for (let n = 0; n < 20; n++) work.push(client.open(path(`${n % 3}`)).then((f) => f.close()))
  for (let n = 0; n < 10; n++) work.push(files[n % 3]!.readFile())
  await Promise.all(work)
  for (const file of files) await file.close()
  for (let n = 0; n < 3; n++) assertBytes(fs.readFileSync(path(`${n}`)), content)
}

export async function shortAndLongTransfersAtOnce({ client, path }: Context): Promise<void> {
  const content = pattern(4 * 2 ** 20)
  const file = await client.open(fileWith(path('file'), content), 'r+')
  const lengths = [1, 4095, 4096, 4097, 65_536, 2 ** 20, 2 ** 20 + 1, 3 * 2 ** 20]
  await Promise.all(
    Array.from({ length: 160 }, async (_, n) => {
      const length = lengths[n % lengths.length]!
      const at = (n * 4999) % (content.length - length)
      if (n % 3 === 0) {
        const { bytesWritten } = await file.write(content, at, length, at)
        assert.equal(bytesWritten, length)
        return
      }
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, at)
      assert.equal(bytesRead, length)
      assertBytes(buffer, content.subarray(at, at + length))
    }),
  )
  assertBytes(fs.readFileSync(path('file')), content)
  await file.close()
}

export async function countersTellWhatWasDone({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const before = await client.stats()
  await file.write(pattern(1000), 0, 1000, 0)
  await file.read(Buffer.alloc(500), 0, 500, 0)
  await assert.rejects(file.allocate(0, 0))
  const after = await client.stats()
  const cached = after.cachedReads - before.cachedReads
  assert.ok(cached <= 1)
  assert.equal(after.taken - before.taken, 3 - cached)
  assert.equal(after.completed - before.completed, 3)
  assert.equal(after.errors - before.errors, 1)
  assert.equal(after.bytesWritten - before.bytesWritten, 1000)
  assert.equal(after.bytesRead - before.bytesRead, 500)
  assert.equal(after.inFlight, 0)
  await file.close()
}

export async function whatTheCallerDoesToHisPositionsChangesNothing({
  client,
  path,
}: Context): Promise<void> {
  const content = pattern(BLOCKS * BLOCK)
  const file = await client.open(fileWith(path('file'), content))
  const places = Array.from({ length: 3000 }, (_, n) => (n * 7919) % content.length)
  for (const change of [
    (given: number[]) => given.fill(-5),
    (given: number[]) => given.fill('x' as never),
    (given: number[]) => {
      given.length = 0
    },
    (given: number[]) => given.fill(8),
  ]) {
    const given = [...places]
    // Its turn comes when this is done, and room by and by.
    const before = [file.stat(), client.nop({ drain: true })]
    const reading = file.readMany(given, 100)
    change(given)
    await Promise.all(before)
    const views = await reading
    views.forEach((view, index) => {
      const at = places[index]!
      assertBytes(view, content.subarray(at, at + 100), `at ${at}`)
    })
  }
  await file.close()
}
