// Which writes the actor makes itself, because they only go to the page cache, and which it leaves to the
// ring; that all of them write the same, and are counted and traced as what they are.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client, UringFile } from '@uring-actor/client'
import { eventually } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory } from '../support/temporary.ts'

const BLOCK = 4096
/** ext2 to ext4, and tmpfs: elsewhere the ring writes without a worker, or there is more to it than memory. */
const TYPES: readonly number[] = [0xef53, 0x01021994]
const MANY = 100

const directory = temporaryDirectory()
const name = path.join(directory, 'file')
const type = fs.statfsSync(directory).type
const skip = TYPES.includes(type) ? false : `the temporary directory is on 0x${type.toString(16)}`

describe('writes to the page cache', { skip }, () => {
  let actor: Actor
  let client: Client
  let file: UringFile
  before(async () => {
    actor = await spawnActor()
    client = actor.connect()
    file = await client.open(name, 'w+')
  })
  after(async () => {
    await file.close()
    await client.close()
    await actor.close()
  })

  /** How many writes the actor made itself while `work` ran. */
  async function madeIn(work: () => unknown, of: Actor = actor): Promise<number> {
    const before = (await of.stats()).cachedWrites
    await work()
    return (await of.stats()).cachedWrites - before
  }

  /**
   * How many of a hundred are made follows from how long they take on this system, which no test can say: after one
   * that waits the next ones go to the ring (packages/actor/test/cached-writes-left.test.ts has the rules). The
   * first one is made in any case, since it begins when none has waited of late.
   */
  async function assertMade(t: TestContext, work: (n: number) => unknown): Promise<void> {
    const rested = await eventually(
      async () => (await madeIn(() => file.write(part(0), 0, 1, 0))) === 1,
      20_000,
    )
    assert.ok(rested, 'no write is made')
    const made = await madeIn(async () => {
      for (let n = 0; n < MANY; n++) await work(n)
    })
    t.diagnostic(`${made} of ${MANY}`)
    assert.ok(made > 0 && made <= MANY, `${made} of ${MANY}`)
  }

  const bytes = patternBytes(MANY * BLOCK + 65_536)
  const part = (n: number, length = BLOCK): Buffer => bytes.subarray(n * BLOCK, n * BLOCK + length)

  test('are made by the actor, asynchronous and blocking, of any short length', async (t) => {
    await assertMade(t, (n) => file.write(part(n), 0, BLOCK, n * BLOCK))
    assert.ok(fs.readFileSync(name).equals(bytes.subarray(0, MANY * BLOCK)))
    await file.truncate(0)
    await assertMade(t, (n) => file.writeSync(part(n), 0, BLOCK, n * BLOCK))
    assert.ok(fs.readFileSync(name).equals(bytes.subarray(0, MANY * BLOCK)))
    await file.truncate(0)
    await assertMade(t, (n) => file.write(part(0, 7 + n), 0, 7 + n, 5))
    assert.ok(fs.readFileSync(name).subarray(5).equals(part(0, 106)))
  })

  test('are made at the own position, and at the end of what is appended to', async (t) => {
    const own = await client.open(name, 'w')
    await assertMade(t, (n) => own.write(part(n)))
    await own.close()
    assert.ok(fs.readFileSync(name).equals(bytes.subarray(0, MANY * BLOCK)))
    fs.truncateSync(name, 3)
    const end = await client.open(name, 'a')
    await assertMade(t, (n) => end.write(part(n)))
    await end.close()
    assert.ok(
      fs
        .readFileSync(name)
        .subarray(3)
        .equals(bytes.subarray(0, MANY * BLOCK)),
    )
  })

  test('are made by the ring where they are long, in a chain, or in step with the disk', async () => {
    const long = Buffer.alloc(32_769, 1)
    assert.equal(await madeIn(() => file.write(long, 0, long.length, 0)), 0)
    const chained = await madeIn(() =>
      client.chain((chain) => {
        for (let n = 0; n < 4; n++) chain.write(file, part(n), 0, BLOCK, n * BLOCK)
      }),
    )
    assert.equal(chained, 0)
    const { O_RDWR, O_SYNC, O_DSYNC, O_DIRECT } = fs.constants
    for (const flag of [O_SYNC, O_DSYNC, O_DIRECT]) {
      // Where there is no direct I/O there is nothing to see.
      const inStep = await client.open(name, O_RDWR | flag).catch(() => null)
      if (inStep === null) continue
      const lease = client.alloc(BLOCK)
      assert.equal(await madeIn(() => inStep.write(lease, { position: 0 })), 0, `${flag}`)
      lease.release()
      await inStep.close()
    }
  })

  test('are what their errors say: a full pipe or disk, a file that is too large', async () => {
    const full = await client.open('/dev/full', 'w')
    await assert.rejects(file.write(part(0), 0, 1, 2 ** 53 - 2), {
      code: 'EFBIG',
      syscall: 'write',
    })
    await assert.rejects(full.write(part(0)), { code: 'ENOSPC', syscall: 'write' })
    await full.close()
    assert.equal((await file.write(part(0), 0, 1, 0)).bytesWritten, 1)
  })

  test('all arrive, of many at once, and are counted and traced once each', async () => {
    await using another = actor.connect()
    const target = await another.open(path.join(directory, 'other'), 'w+')
    const count = 2000
    await Promise.all(
      Array.from({ length: count }, (_, n) => {
        const at = (n * 37) % MANY
        return target.write(part(at), 0, BLOCK, at * BLOCK)
      }),
    )
    const content = fs.readFileSync(path.join(directory, 'other'))
    assert.ok(content.equals(bytes.subarray(0, MANY * BLOCK)))
    const { operations, bytesWritten } = await another.stats()
    const write = operations.write!
    assert.deepEqual([write.count, write.errors, bytesWritten], [count, 0, count * BLOCK])
    assert.equal(write.kernel.count, count)
    assert.ok(write.kernel.mean > 0, 'a write takes time in the kernel')
    const stages = write.queue.mean + write.batch.mean + write.kernel.mean + write.delivery.mean
    assert.ok(Math.abs(stages - write.total.mean) < 0.01 * write.total.mean + 1)
    await target.close()
  })

  test('are of one batch each, also where there is no time for all of them at once', async () => {
    const inBatches = async (): Promise<number> => {
      const { batch } = await actor.stats()
      return Math.round(batch.count * batch.mean)
    }
    const long = Buffer.alloc(32_768, 1)
    const before = await inBatches()
    for (let round = 0; round < 10; round++) {
      await Promise.all(Array.from({ length: 60 }, (_, n) => file.write(long, 0, long.length, n)))
    }
    assert.equal((await inBatches()) - before, 10 * 60)
  })

  test('are all made by the ring with { cachedWrites: false }', async () => {
    await file.close()
    await client.close()
    await actor.close()
    actor = await spawnActor({ cachedWrites: false })
    client = actor.connect()
    file = await client.open(name, 'w+')
    const made = await madeIn(() => file.write(part(0), 0, BLOCK, 0))
    assert.equal(made, 0)
    assert.ok(fs.readFileSync(name).equals(part(0)))
  })
})
