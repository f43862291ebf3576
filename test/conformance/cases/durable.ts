// Durable writes, and the syncs that they share.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, pattern, WAYS } from '../ways.ts'

const BLOCK = 4096

export async function durableWritesTakeEveryForm({ client, path }: Context): Promise<void> {
  for (const way of WAYS) {
    const file = await way.open(client, path(way.name), 'w+')
    assert.equal(await way.writeDurable(file, pattern(100), 0, 100, 0), 100)
    assert.equal(await way.writeDurable(file, pattern(100), { position: 100, length: 50 }), 50)
    assert.equal(await way.writeDurable(file, 'text', 150), 4)
    assert.equal(await way.writeDurable(file, 'ä', 154, 'latin1'), 1)
    assert.equal(await way.writeDurable(file, Buffer.alloc(0)), 0)
    assert.equal(await way.writeDurable(file, ''), 0)
    const lease = client.alloc(BLOCK)
    lease.set(pattern(BLOCK))
    assert.equal(await way.writeDurable(file, lease, 0, BLOCK, 155), BLOCK)
    lease.release()
    const expected = Buffer.concat([
      pattern(100),
      pattern(100).subarray(0, 50),
      Buffer.from('textä', 'latin1'),
      pattern(BLOCK),
    ])
    assertBytes(fs.readFileSync(path(way.name)), expected)
    await file.close()
  }
}

export async function longDurableWritesAreWhole({ client, path }: Context): Promise<void> {
  const length = 5 * 2 ** 20 + 1
  for (const way of WAYS) {
    const file = await way.open(client, path(way.name), 'w+')
    assert.equal(await way.writeDurable(file, pattern(length), 0, length, 3), length)
    assertBytes(fs.readFileSync(path(way.name)).subarray(3), pattern(length))
    await file.close()
  }
}

/** Of many durable writes at once, each of them at the place that `position` gives. */
async function shareSyncs(
  { client, path }: Context,
  flags: string,
  position: (n: number) => number | null,
  share: number,
): Promise<void> {
  const writes = 400
  const file = await client.open(path('log'), flags)
  const before = await client.actorStats()
  const results = await Promise.all(
    Array.from({ length: writes }, (_, n) =>
      file.writeDurable(pattern(512, n), 0, 512, position(n)),
    ),
  )
  const after = await client.actorStats()
  assert.ok(results.every(({ bytesWritten }) => bytesWritten === 512))
  const madeByTheActor = after.cachedWrites - before.cachedWrites
  const syncs = after.submitted - before.submitted - (writes - madeByTheActor)
  assert.ok(syncs >= 1 && syncs <= writes * share, `${syncs} syncs for ${writes} durable writes`)
  const expected = Buffer.concat(Array.from({ length: writes }, (_, n) => pattern(512, n)))
  assertBytes(fs.readFileSync(path('log')), expected)
  await file.close()
}

export async function concurrentDurableWritesShareTheirSyncs(context: Context): Promise<void> {
  await shareSyncs(context, 'w+', (n) => n * 512, 1 / 4)
}

/** They are written one after the other: as many share a sync as are written meanwhile. */
export async function soDoThoseAtTheOwnPosition(context: Context): Promise<void> {
  await shareSyncs(context, 'w', () => null, 3 / 4)
}

export async function soDoThoseThatAppend(context: Context): Promise<void> {
  await shareSyncs(context, 'a', () => null, 3 / 4)
}

export async function concurrentSyncsAreShared({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  await file.write(pattern(BLOCK), 0, BLOCK, 0)
  const before = await client.actorStats()
  await Promise.all(
    Array.from({ length: 300 }, (_, n) => (n % 3 === 0 ? file.sync() : file.datasync())),
  )
  const after = await client.actorStats()
  const syncs = after.submitted - before.submitted
  assert.ok(syncs >= 1 && syncs <= 100, `${syncs} requests for 300 syncs`)
  await file.close()
}

export async function syncsOfDifferentFilesDoNotWaitForEachOther({
  client,
  path,
}: Context): Promise<void> {
  const files = await Promise.all(
    Array.from({ length: 20 }, (_, n) => client.open(path(`${n}`), 'w+')),
  )
  await Promise.all(
    files.flatMap((file, n) => [
      file.writeDurable(pattern(BLOCK, n), 0, BLOCK, 0),
      file.datasync(),
      file.writeDurable(pattern(BLOCK, n), 0, BLOCK, BLOCK),
    ]),
  )
  for (let n = 0; n < files.length; n++) {
    const expected = Buffer.concat([pattern(BLOCK, n), pattern(BLOCK, n)])
    assertBytes(fs.readFileSync(path(`${n}`)), expected)
  }
  await Promise.all(files.map((file) => file.close()))
}
