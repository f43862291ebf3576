// The order of operations: drain and flush.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096

export async function nopsAndFlushesComplete({ client }: Context): Promise<void> {
  assert.equal(await client.nop(), undefined)
  assert.equal(await client.nop({ drain: true }), undefined)
  assert.equal(await client.flush(), undefined)
  client.nopSync()
  client.flushSync()
  await Promise.all(Array.from({ length: 500 }, (_, n) => (n % 50 ? client.nop() : client.flush())))
}

export async function drainWaitsForAllBeforeAndHoldsAllAfter({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), Buffer.alloc(64 * BLOCK)), 'r+')
  for (let round = 1; round <= 20; round++) {
    const all = Buffer.alloc(64 * BLOCK)
    const writes = Array.from({ length: 64 }, (_, n) =>
      file.write(Buffer.alloc(BLOCK, round), 0, BLOCK, n * BLOCK),
    )
    const between = file.read(all, { position: 0, drain: true })
    const after = Array.from({ length: 64 }, (_, n) =>
      file.write(Buffer.alloc(BLOCK, 100 + round), 0, BLOCK, n * BLOCK),
    )
    await Promise.all([...writes, between, ...after])
    assert.ok(
      all.every((byte) => byte === round),
      'the drained read saw a write of before that was not done, or one of after',
    )
  }
  await file.close()
}

export async function drainedWritesComeInOrder({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const writes = Array.from({ length: 200 }, (_, n) =>
    file.write(Buffer.alloc(BLOCK, n), { position: 0, drain: true }),
  )
  await Promise.all(writes)
  assertBytes(fs.readFileSync(path('file')), Buffer.alloc(BLOCK, 199))
  await file.close()
}

export async function everyOperationTakesDrain({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const drain = { drain: true }
  await Promise.all([
    file.write(pattern(BLOCK), 0, BLOCK, 0),
    file.allocate(0, 2 * BLOCK, drain),
    file.truncate(BLOCK, drain),
    file.trim(0, 10, drain),
    file.syncRange(0, BLOCK, drain),
    file.sync(drain),
    file.datasync(drain),
    file.writeDurable(pattern(10), { position: BLOCK, drain: true }),
    client.nop(drain),
  ])
  const expected = Buffer.concat([pattern(BLOCK).fill(0, 0, 10), pattern(10)])
  assertBytes(fs.readFileSync(path('file')), expected)
  await file.close()
}

/** The promises that were settled when `flush` resolved. */
async function settledAtFlush(
  flush: () => Promise<unknown>,
  started: Promise<unknown>[],
): Promise<number> {
  let settled = 0
  for (const promise of started) promise.then(() => settled++)
  await flush()
  // Promises that are settled by one completion run their callbacks in the same turn.
  await null
  const seen = settled
  await Promise.all(started)
  return seen
}

export async function flushWaitsForEverythingBefore({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const length = 5_000_000
  const cases: Array<[string, () => Promise<unknown>[]]> = [
    ['short writes', () => [1, 2, 3].map((n) => file.write(Buffer.alloc(BLOCK, n), 0, BLOCK, n))],
    ['syncs', () => [file.sync(), file.datasync()]],
    ['a status', () => [file.stat()]],
    ['an open', () => [client.open(path('other'), 'w').then((other) => other.close)]],
    ['times', () => [file.utimes(1, 1)]],
    ['a long write', () => [file.write(pattern(length), 0, length, 0)]],
    ['a long read', () => [file.read(Buffer.alloc(length), 0, length, 0)]],
    ['a vector', () => [file.writev([pattern(10), pattern(10)], 0)]],
    ['a whole file', () => [file.readFile()]],
    ['many in line', () => Array.from({ length: 2000 }, () => client.nop())],
    ['a chain', () => [client.chain((chain) => chain.nop().datasync(file))]],
    ['a batch', () => [file.readMany([0, 1, 2], 10)]],
    ['a durable write', () => [file.writeDurable(pattern(BLOCK), 0, BLOCK, 0)]],
  ]
  for (const [what, start] of cases) {
    const started = start()
    assert.equal(await settledAtFlush(() => client.flush(), started), started.length, what)
  }
  await file.close()
}

export async function drainWaitsForLongTransfersToo({ client, path }: Context): Promise<void> {
  const length = 5_000_000
  const file = await client.open(path('file'), 'w+')
  const write = file.write(Buffer.alloc(length, 1), 0, length, 0)
  const drained = file.write(Buffer.alloc(BLOCK, 2), { position: length - BLOCK, drain: true })
  await Promise.all([write, drained])
  const expected = Buffer.alloc(length, 1).fill(2, length - BLOCK)
  assertBytes(fs.readFileSync(path('file')), expected)
  await file.close()
}

export async function blockingCallsMixWithPendingOnes({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100 * BLOCK)), 'r+')
  const reads = Array.from({ length: 100 }, (_, n) =>
    file.read(Buffer.alloc(BLOCK), 0, BLOCK, n * BLOCK),
  )
  for (let n = 0; n < 50; n++) {
    const seen = Buffer.alloc(BLOCK)
    assert.equal(file.readSync(seen, 0, BLOCK, n * BLOCK), BLOCK)
    assertBytes(seen, pattern(100 * BLOCK).subarray(n * BLOCK, (n + 1) * BLOCK))
  }
  ;(await Promise.all(reads)).forEach(({ bytesRead, buffer }, n) => {
    assert.equal(bytesRead, BLOCK)
    assertBytes(buffer, pattern(100 * BLOCK).subarray(n * BLOCK, (n + 1) * BLOCK))
  })
  await file.close()
}

export async function flushWaitsForAFileThatIsBeingClosed({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const closed = await client.open(path('closed'), 'w+')
  let done = false
  // The close waits for the status; flush is called the moment that is there.
  const flushed = file.stat().then(() => client.flush())
  const closing = closed.close().then(() => {
    done = true
  })
  await flushed
  assert.equal(done, true)
  await closing
  await file.close()
}

export async function flushesResolveInTheOrderOfTheirCalls({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const resolved: number[] = []
  const flush = async (number: number): Promise<void> => {
    await client.flush()
    resolved.push(number)
  }
  // The first waits for the status; the second is called the moment that is there.
  const second = file.stat().then(() => flush(2))
  await Promise.all([flush(1), second])
  assert.deepEqual(resolved, [1, 2])
  await file.close()
}
