// The simulated disk: a power cut may take whatever was not synced, in any part, and nothing else; a
// sync that fails is everybody's who waits for it, stays with the file until it is opened anew, and
// may have lost the bytes although the next sync succeeds.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { spawnTestActor } from '@uring-actor/actor/testing'
import { codeOf } from '../support/outcome.ts'
import { failureOf } from './failure.ts'

const SEEDS = Number(process.env.URING_ACTOR_FAULT_SEEDS ?? 40)
const SECTOR = 512
const OLD = Buffer.alloc(16 * SECTOR, 'o')
const NEW = Buffer.alloc(16 * SECTOR, 'n')

/** Which of the sectors are old; throws for one that is neither old nor new. */
function oldSectors(bytes: Uint8Array): number {
  let old = 0
  for (let at = 0; at < bytes.length; at += SECTOR) {
    const sector = Buffer.from(bytes.subarray(at, at + SECTOR))
    if (sector.equals(OLD.subarray(0, SECTOR))) old++
    else assert.ok(sector.equals(NEW.subarray(0, SECTOR)), `the sector at ${at} is torn`)
  }
  return old
}

describe('the simulated disk', () => {
  test('keeps what was synced, and of the rest any part, through a power cut', async () => {
    const seen = { lost: 0, torn: 0, kept: 0, gone: 0 }
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using tested = await spawnTestActor({ seed })
      const { faults } = tested
      const client = tested.connect()
      const file = await client.open('/file', 'w+')
      await file.writeDurable(OLD, 0, OLD.length, 0)
      await file.write(NEW, 0, NEW.length, 0)
      await client.open('/never-synced', 'w')
      await faults.cutPower()
      assert.equal(await codeOf(() => file.read(Buffer.alloc(8), 0, 8, 0)), 'EIO')
      assert.equal(await codeOf(() => client.open('/file')), 'EIO')
      await faults.restorePower()
      assert.equal(await codeOf(() => file.sync()), 'EIO', 'a file of before stays unusable')
      const reopened = await client.open('/file', 'r+')
      const { bytesRead, buffer } = await reopened.read(Buffer.alloc(20_000), 0, 20_000, 0)
      assert.equal(bytesRead, OLD.length, `seed ${seed}`)
      const old = oldSectors(buffer.subarray(0, bytesRead))
      if (old === 16) seen.lost++
      else if (old === 0) seen.kept++
      else seen.torn++
      if ((await faults.file('/never-synced')) === null) seen.gone++
    }
    for (const [what, count] of Object.entries(seen)) {
      assert.ok(count > 0 && count < SEEDS, `${what}: ${count} of ${SEEDS}`)
    }
  })

  test('gives a failed sync to all who wait for it, for as long as the file is open', async () => {
    await using tested = await spawnTestActor({ seed: 2 })
    const client = tested.connect()
    const file = await client.open('/file', 'w+')
    await tested.faults.inject({ operation: 'fsync', path: '/file', errno: 'EIO' })
    const bytes = Buffer.alloc(100, 1)
    const durable = [0, 1, 2].map((index) => file.writeDurable(bytes, 0, 100, index * 100))
    const waiters: Promise<unknown>[] = [file.sync(), file.datasync(), file.sync(), ...durable]
    const failures = await Promise.all(waiters.map(failureOf))
    assert.deepEqual(
      failures.map(({ code, bytesWritten }) => [code, bytesWritten]),
      [...new Array(3).fill(['EIO', undefined]), ...new Array(3).fill(['EIO', 100])],
    )
    const syncs = (await tested.faults.history()).filter(({ name }) => name === 'fsync')
    assert.equal(syncs.length, 1, 'of one sync')
    for (let again = 0; again < 3; again++) assert.equal(await codeOf(() => file.sync()), 'EIO')
    const chained = client.chain((chain) => chain.nop().datasync(file))
    assert.equal(await codeOf(() => chained), 'EIO')
    assert.equal((await file.read(Buffer.alloc(300), 0, 300, 0)).bytesRead, 300)
    assert.equal(await codeOf(() => file.writeDurable(bytes, 0, 100, 0)), 'EIO')

    const reopened = await client.open('/file', 'r+')
    await reopened.sync()
    assert.equal(await codeOf(() => file.sync()), 'EIO')
  })

  test('may have lost the bytes of a failed sync, though the next one succeeds', async () => {
    let lost = 0
    for (let seed = 1; seed <= SEEDS; seed++) {
      await using tested = await spawnTestActor({ seed })
      const client = tested.connect()
      const file = await client.open('/file', 'w+')
      await file.writeDurable(OLD, 0, OLD.length, 0)
      await tested.faults.inject({ operation: 'fsync', errno: 'EIO' })
      assert.equal(await codeOf(() => file.writeDurable(NEW, 0, NEW.length, 0)), 'EIO')
      const reopened = await client.open('/file', 'r+')
      await reopened.sync()
      const { buffer } = await reopened.read(Buffer.alloc(NEW.length), 0, NEW.length, 0)
      assert.equal(oldSectors(buffer), 0, 'programs read the new bytes from the cache')
      const onDisk = await tested.faults.file('/file')
      if (oldSectors(onDisk!.durable) > 0) lost++
    }
    assert.ok(lost > 0 && lost < SEEDS, `${lost} of ${SEEDS}`)
  })

  test('loses its power as a chosen operation begins', async () => {
    const rules = [{ at: 3, powerCut: true }]
    await using tested = await spawnTestActor({ seed: 5, rules })
    const file = await tested.connect().open('/file', 'w')
    const codes: unknown[] = []
    for (let at = 0; at < 5; at++) codes.push(await codeOf(() => file.write('x', at)))
    assert.deepEqual(codes, [null, null, 'EIO', 'EIO', 'EIO'])
    const kinds = (await tested.faults.history()).map(({ operation, kind }) => [operation, kind])
    const off = [3, 4, 5].map((operation) => [operation, 'power-off'])
    assert.deepEqual(kinds, [[3, 'power-cut'], ...off])
  })

  test('has files of every kind of flag, and tells their status', async () => {
    await using tested = await spawnTestActor()
    const client = tested.connect()
    assert.equal(await codeOf(() => client.open('/a')), 'ENOENT')
    const file = await client.open('/a', 'wx+', 0o600)
    assert.equal(await codeOf(() => client.open('/a', 'wx')), 'EEXIST')
    const appending = await client.open('/a', 'a')
    await file.write('0123456789')
    await appending.appendFile('abc')
    assert.equal((await file.stat()).size, 13)
    assert.equal((await file.stat()).mode & 0o777, 0o600)
    await file.trim(2, 4)
    assert.equal(`${await (await client.open('/a')).readFile('utf8')}`, '01\0\0\0\x006789abc')
    await client.open('/a', 'w')
    assert.equal((await file.stat()).size, 0)
    await file.chmod(0o640)
    await file.utimes(10, 20.5)
    const { mode, mtimeMs, atimeMs } = await file.stat()
    assert.deepEqual([mode & 0o777, atimeMs, mtimeMs], [0o640, 10_000, 20_500])
  })

  test('moves the own position of a file that appends as Linux does', async () => {
    await using tested = await spawnTestActor()
    const file = await tested.connect().open('/a', 'a+')
    const left = (): Promise<unknown> => file.readFile('utf8')
    await file.write('12345')
    assert.equal(await left(), '', 'it is at the end of what was written')
    await file.write('67', 0)
    assert.equal(await left(), '67', 'a write that names a position leaves it')
    const reopened = await tested.connect().open('/a', 'a+')
    assert.equal(await reopened.readFile('utf8'), '1234567')
    await file.write('89')
    assert.equal(await left(), '')
    assert.equal(await reopened.readFile('utf8'), '89')
  })

  test('refuses what Linux refuses of a file that is open for reading, and of no bytes', async () => {
    await using tested = await spawnTestActor()
    const client = tested.connect()
    const written = await client.open('/a', 'w')
    await written.write('12345')
    const file = await client.open('/a', 'r')
    assert.equal(await codeOf(() => file.truncate(2)), 'EINVAL')
    assert.equal(await codeOf(() => file.allocate(0, 9)), 'EBADF')
    assert.equal(await codeOf(() => written.allocate(0, 0)), 'EINVAL')
    assert.equal(await codeOf(() => written.trim(0, 0)), 'EINVAL')
    assert.equal(`${await file.readFile('utf8')}`, '12345')
    await written.truncate(2)
    assert.equal((await file.stat()).size, 2)
  })

  test('has times that follow from virtual time, and so from the seed', async () => {
    const seen = await timesOfSteps()
    // Of access, modification, change and birth: which are later than after the step before.
    const later = seen
      .slice(1)
      .map((times, step) => times.map((time, of) => time > seen[step]![of]!))
    assert.deepEqual(later, [
      [false, true, true, false],
      [true, false, false, false],
      [false, false, false, false],
      [false, true, true, false],
      [false, false, true, false],
      [false, true, true, false],
    ])
    const begin = Date.UTC(2000, 0)
    assert.deepEqual(seen[0], [begin, begin, begin, begin])
    assert.ok(seen.flat().every((time) => time < begin + 100))
    assert.deepEqual(await timesOfSteps(), seen)
  })
})

/** The times of a file after it was made, written, read twice, cut, given a mode and emptied. */
async function timesOfSteps(): Promise<number[][]> {
  await using tested = await spawnTestActor({ time: 'manual' })
  const client = tested.connect()
  const file = await client.open('/a', 'w+')
  const steps: Array<() => Promise<unknown>> = [
    () => file.stat(),
    () => file.write('abc', 0),
    () => file.read(Buffer.alloc(3), 0, 3, 0),
    () => file.read(Buffer.alloc(3), 0, 3, 0),
    () => file.truncate(1),
    () => file.chmod(0o600),
    () => client.open('/a', 'w'),
  ]
  const seen: number[][] = []
  for (const step of steps) {
    const done = step()
    await tested.faults.run()
    await done
    const { atimeMs, mtimeMs, ctimeMs, birthtimeMs } = await file.stat()
    seen.push([atimeMs, mtimeMs, ctimeMs, birthtimeMs])
    await tested.faults.step(1000)
  }
  return seen
}
