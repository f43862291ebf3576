// Chains: each member begins when the one before it has succeeded.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { type ChainError, connect } from '@uring-actor/client'
import type { Context } from '../context.ts'
import { assertBytes, fileWith, pattern } from '../ways.ts'

const BLOCK = 4096

async function chainError(chain: Promise<unknown>): Promise<ChainError> {
  try {
    await chain
  } catch (error) {
    return error as ChainError
  }
  throw new assert.AssertionError({ message: 'the chain did not fail' })
}

export async function resultsComeInTheOrderOfTheCalls({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const lease = client.alloc(BLOCK)
  lease.set(pattern(BLOCK, 2))
  const staged = Buffer.alloc(10)
  const buffer = pattern(BLOCK)
  const results = await client.chain((chain) => {
    chain
      .nop()
      .write(file, buffer, 0, BLOCK, 0)
      .write(file, lease, 0, BLOCK, BLOCK)
      .datasync(file)
      .sync(file)
      .syncRange(file, 0, BLOCK)
      .read(file, staged, 0, 10, BLOCK)
      .allocate(file, 0, 4 * BLOCK)
      .trim(file, 0, BLOCK)
      .truncate(file, 2 * BLOCK)
      .read(file, lease, 0, BLOCK, 0)
  })
  assert.deepEqual(results, [
    undefined,
    { bytesWritten: BLOCK, buffer },
    { bytesWritten: BLOCK, buffer: lease },
    undefined,
    undefined,
    undefined,
    { bytesRead: 10, buffer: staged },
    undefined,
    { method: 'hole' },
    undefined,
    { bytesRead: BLOCK, buffer: lease },
  ])
  assertBytes(staged, pattern(BLOCK, 2).subarray(0, 10))
  assertBytes(lease, Buffer.alloc(BLOCK), 'trimmed by the chain before it was read')
  const expected = Buffer.concat([Buffer.alloc(BLOCK), pattern(BLOCK, 2)])
  assertBytes(fs.readFileSync(path('file')), expected)
  assert.deepEqual(await client.chain(() => {}), [])
  lease.release()
  await file.close()
}

export async function membersRunOneAfterTheOther({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  for (let round = 0; round < 30; round++) {
    const seen = Buffer.alloc(BLOCK)
    const chains = Array.from({ length: 8 }, (_, n) => {
      const at = n * BLOCK
      return client.chain((chain) => {
        for (let step = 0; step < 10; step++) {
          chain.write(file, Buffer.alloc(BLOCK, step + n), 0, BLOCK, at)
        }
        if (n === 3) chain.read(file, seen, 0, BLOCK, at)
      })
    })
    await Promise.all(chains)
    assertBytes(seen, Buffer.alloc(BLOCK, 12))
    const all = fs.readFileSync(path('file'))
    for (let n = 0; n < 8; n++) {
      assertBytes(all.subarray(n * BLOCK, (n + 1) * BLOCK), Buffer.alloc(BLOCK, 9 + n))
    }
  }
  await file.close()
}

export async function theFirstFailureCancelsTheRest({ client, path }: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'x'.repeat(100)), 'r+')
  const buffer = Buffer.from('done')
  const error = await chainError(
    client.chain((chain) => {
      chain
        .write(file, buffer, 0, 4, 0)
        .nop()
        // Larger than a file can be here.
        .allocate(file, 0, 2 ** 52)
        .write(file, Buffer.from('never'), 0, 5, 50)
        .nop()
    }),
  )
  assert.equal(error.code, 'EFBIG')
  assert.equal(error.syscall, 'fallocate')
  assert.equal(error.failedIndex, 2)
  assert.deepEqual(error.results, [{ bytesWritten: 4, buffer }, undefined])
  assert.equal(fs.readFileSync(path('file'), 'utf8'), `done${'x'.repeat(96)}`)
  await file.close()
}

export async function aMemberWithoutTheRightFailsInItsPlace({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), 'x'.repeat(100)), 'r+')
  const readOnly = await client.open(path('file'))
  const buffer = Buffer.from('done')
  const error = await chainError(
    client.chain((chain) => {
      chain
        .write(file, buffer, 0, 4, 0)
        .write(readOnly, Buffer.from('refused'), 0, 7, 20)
        .write(file, Buffer.from('never'), 0, 5, 50)
    }),
  )
  assert.equal(error.code, 'EBADF')
  assert.equal(error.failedIndex, 1)
  assert.deepEqual(error.results, [{ bytesWritten: 4, buffer }])
  assert.equal(fs.readFileSync(path('file'), 'utf8'), `done${'x'.repeat(96)}`)
  await readOnly.close()
  await file.close()
}

export async function aFailureAtEachPlaceIsTold({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  for (let place = 0; place < 6; place++) {
    const error = await chainError(
      client.chain((chain) => {
        for (let index = 0; index < 6; index++) {
          if (index === place) chain.allocate(file, 0, 2 ** 52)
          else chain.write(file, Buffer.from('ab'), 0, 2, index * 2)
        }
      }),
    )
    assert.equal(error.failedIndex, place)
    assert.equal(error.results.length, place)
    assert.equal((await file.stat()).size, place * 2)
    await file.truncate(0)
  }
  await file.close()
}

export async function readsThatAreShortAtTheEndBreakNothing({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(fileWith(path('file'), pattern(100)), 'r+')
  const buffers = [Buffer.alloc(200), Buffer.alloc(10), Buffer.alloc(10)]
  const results = await client.chain((chain) => {
    chain
      .read(file, buffers[0]!, 0, 200, 0)
      .read(file, buffers[1]!, 0, 10, 100)
      .write(file, pattern(50, 9), 0, 50, 100)
      .read(file, buffers[2]!, 0, 10, 145)
      .datasync(file)
  })
  const told = results.map((result) => (result as { bytesRead?: number } | undefined)?.bytesRead)
  assert.deepEqual(told, [100, 0, undefined, 5, undefined])
  assertBytes(buffers[0]!.subarray(0, 100), pattern(100))
  assertBytes(buffers[2]!.subarray(0, 5), pattern(50, 9).subarray(45))
  assertBytes(fs.readFileSync(path('file')), Buffer.concat([pattern(100), pattern(50, 9)]))
  await file.close()
}

export async function chainsMayBeAsLongAsTheActorAllows({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const most = await mostMembers(client)
  const results = await client.chain((chain) => {
    for (let n = 0; n < most; n++) chain.write(file, Buffer.alloc(10, n), 0, 10, n * 10)
  })
  assert.equal(results.length, most)
  const expected = Buffer.concat(Array.from({ length: most }, (_, n) => Buffer.alloc(10, n)))
  assertBytes(fs.readFileSync(path('file')), expected)
  await assert.rejects(
    client.chain((chain) => {
      for (let n = 0; n <= most; n++) chain.write(file, Buffer.alloc(10, 0xff), 0, 10, n * 10)
    }),
    { code: 'ERR_OUT_OF_RANGE', message: /chain/ },
  )
  assertBytes(fs.readFileSync(path('file')), expected, 'a chain that is too long does nothing')
  await file.close()
}

/** Tells the length by the error that names it. */
async function mostMembers(client: Context['client']): Promise<number> {
  const error = await chainError(
    client.chain((chain) => {
      for (let n = 0; n < 20_000; n++) chain.nop()
    }),
  )
  const most = Number(/<= (\d+)/.exec(error.message)?.[1])
  assert.ok(most >= 2, error.message)
  return most
}

export async function chainsWaitForRoomAndStayWhole({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const nops = Promise.all(Array.from({ length: 1500 }, () => client.nop()))
  const chains = await Promise.all(
    Array.from({ length: 60 }, (_, n) => {
      const seen = Buffer.alloc(BLOCK)
      return client.chain((chain) => {
        chain
          .write(file, pattern(BLOCK, n), 0, BLOCK, n * BLOCK)
          .datasync(file)
          .read(file, seen, 0, BLOCK, n * BLOCK)
      })
    }),
  )
  await nops
  chains.forEach((results, n) => {
    assertBytes((results[2] as { buffer: Buffer }).buffer, pattern(BLOCK, n))
  })
  await file.close()
}

export async function aDrainedChainWaitsForAllBefore({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const writes = Array.from({ length: 50 }, (_, n) =>
    file.write(pattern(BLOCK, n), 0, BLOCK, n * BLOCK),
  )
  const seen = Buffer.alloc(50 * BLOCK)
  await client.chain((chain) => chain.read(file, seen, 0, 50 * BLOCK, 0).nop(), { drain: true })
  await Promise.all(writes)
  assertBytes(seen, fs.readFileSync(path('file')))
  await file.close()
}

export async function membersThatReadOrWriteNameAPosition({
  client,
  path,
}: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const refused = { code: 'ERR_INVALID_ARG_VALUE', message: /'position' must be given in a chain/ }
  for (const position of [undefined, null, -1, -1n]) {
    await assert.rejects(
      client.chain((chain) => chain.write(file, Buffer.from('text'), 0, 4, position)),
      refused,
    )
    await assert.rejects(
      client.chain((chain) => chain.nop().read(file, Buffer.alloc(4), 0, 4, position)),
      refused,
    )
  }
  assert.equal(fs.statSync(path('file')).size, 0)
  await file.close()
}

export async function membersOfOtherClientsAreRefused({ client, path }: Context): Promise<void> {
  const other = connect()
  const foreign = await other.open(path('file'), 'w+')
  const refused = { name: 'UringError', code: 'ERR_URING_FOREIGN_FILE' }
  for (const build of [
    (chain: Parameters<Parameters<typeof client.chain>[0]>[0]) =>
      chain.write(foreign, Buffer.from('text'), 0, 4, 0),
    (chain: Parameters<Parameters<typeof client.chain>[0]>[0]) => chain.datasync(foreign),
    (chain: Parameters<Parameters<typeof client.chain>[0]>[0]) => chain.nop().trim(foreign, 0, 1),
  ]) {
    await assert.rejects(
      client.chain((chain) => {
        build(chain)
      }),
      refused,
    )
  }
  assert.equal(fs.statSync(path('file')).size, 0)
  await foreign.close()
  await other.close()
}

export async function wrongMembersAreRefusedAtTheCall({ client, path }: Context): Promise<void> {
  const file = await client.open(path('file'), 'w+')
  const closed = await client.open(path('file'), 'r+')
  await closed.close()
  const type = { code: 'ERR_INVALID_ARG_TYPE' }
  const range = { code: 'ERR_OUT_OF_RANGE' }
  const bytes = Buffer.alloc(10)
  const wrong: Array<[object, (chain: Parameters<Parameters<typeof client.chain>[0]>[0]) => void]> =
    [
      [type, (chain) => chain.read({} as never, bytes)],
      [type, (chain) => chain.read(file, 'text' as never)],
      [type, (chain) => chain.write(file, bytes, 0, 10, '0' as never)],
      [range, (chain) => chain.write(file, bytes, 5, 6, 0)],
      [range, (chain) => chain.write(file, bytes, 0, 10, -2)],
      [range, (chain) => chain.write(file, bytes, 0, 10, 0.5)],
      [range, (chain) => chain.write(file, Buffer.alloc(0))],
      [range, (chain) => chain.read(file, Buffer.alloc(2 ** 20 + 1))],
      [range, (chain) => chain.trim(file, -1, 5)],
      [type, (chain) => chain.truncate(file, null as never)],
      [{ code: 'EBADF', message: 'file closed' }, (chain) => chain.datasync(closed)],
    ]
  for (const [expected, build] of wrong) await assert.rejects(client.chain(build), expected)
  for (const build of [undefined, null, 5, 'text', {}]) {
    await assert.rejects(client.chain(build as never), type)
  }
  assert.equal(fs.statSync(path('file')).size, 0)
  await file.close()
}
