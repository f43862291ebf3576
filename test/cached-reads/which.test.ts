// Which reads a client makes itself, from the page cache, and which it leaves to the actor; and that
// both are counted and traced as what they are.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client, ClientStats, UringFile } from '@uring-actor/client'
import { expectedEngine } from '../support/engine.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'

const BLOCK = 4096
const SIZE = 3 * 2 ** 20 + 100
const path = temporaryFile(SIZE)

let actor: Actor
let client: Client
let file: UringFile

before(async () => {
  actor = await spawnActor()
  client = actor.connect()
  file = await client.open(path, 'r+')
})

after(async () => {
  await file.close()
  await client.close()
  await actor.close()
})

interface Ways {
  cached: number
  taken: number
}

/** How many operations went which way while `work` ran. */
async function waysOf(work: () => Promise<unknown>, of: Client = client): Promise<Ways> {
  const before = await of.stats()
  await work()
  const now = await of.stats()
  const since = (field: keyof ClientStats): number => Number(now[field]) - Number(before[field])
  assert.equal(since('completed'), since('taken') + since('cachedReads'))
  return { cached: since('cachedReads'), taken: since('taken') }
}

const CACHED: Ways = { cached: 1, taken: 0 }
const TAKEN: Ways = { cached: 0, taken: 1 }

test('what is cached is read by the client, asynchronously and blocking, wherever it lies', async () => {
  for (const [position, length] of [
    [0, 1],
    [0, BLOCK],
    [5000, 7],
    [BLOCK - 1, 2 * BLOCK + 2],
    [2 ** 20, 2 ** 20],
    [SIZE - 10, 10],
    [SIZE - 10, 100],
    [SIZE, 10],
    [SIZE + 2 ** 40, 10],
  ] as const) {
    const expected = patternBytes(Math.max(0, Math.min(length, SIZE - position)), position)
    for (const at of [position, BigInt(position)]) {
      const buffer = Buffer.alloc(length)
      const ways = await waysOf(async () => {
        assert.deepEqual(await file.read(buffer, 0, length, at), {
          bytesRead: expected.length,
          buffer,
        })
      })
      assert.deepEqual(ways, CACHED, `${length} bytes at ${at}`)
      assert.ok(buffer.subarray(0, expected.length).equals(expected))
      const blocking = Buffer.alloc(length)
      const waysSync = await waysOf(async () => {
        assert.equal(file.readSync(blocking, 0, length, at), expected.length)
      })
      assert.deepEqual(waysSync, CACHED, `${length} bytes at ${at}, blocking`)
      assert.ok(blocking.equals(buffer))
    }
  }
})

test('so it is into parts of views, shared memory and leases', async () => {
  const lease = client.alloc(3 * BLOCK)
  const shared = new Uint8Array(new SharedArrayBuffer(3 * BLOCK))
  const words = new Float64Array(BLOCK)
  for (const view of [lease, lease.subarray(100, 2 * BLOCK), shared, words]) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    bytes.fill(0xee)
    const ways = await waysOf(async () => {
      assert.deepEqual(await file.read(view, 50, 1000, 300), { bytesRead: 1000, buffer: view })
    })
    assert.deepEqual(ways, CACHED)
    const expected = Buffer.alloc(bytes.length, 0xee)
    patternBytes(1000, 300).copy(expected, 50)
    assert.ok(expected.equals(bytes))
  }
  lease.release()
})

test('so are blocks, and reads with a signal, a time-out and noWait', async () => {
  const blocks = await client.open(path, 'r', null, { blockSize: BLOCK })
  const { signal } = new AbortController()
  for (const options of [{}, { signal }, { timeout: 1000 }, { noWait: true }]) {
    const ways = await waysOf(async () => {
      const block = await blocks.readBlock(3, options)
      assert.ok(patternBytes(BLOCK, 3 * BLOCK).equals(block))
    })
    assert.deepEqual(ways, CACHED, JSON.stringify(Object.keys(options)))
  }
  await blocks.close()
})

test('the actor reads at the file’s own position, after a drain, and what is long', async () => {
  const lease = client.alloc(2 ** 17)
  for (const [what, read] of [
    ['at its own position', () => file.read(Buffer.alloc(10))],
    ['drained', () => file.read(Buffer.alloc(10), { position: 0, drain: true })],
    ['a long lease', () => file.read(lease, 0, 2 ** 17, 0)],
    ['in a chain', () => client.chain((chain) => chain.read(file, Buffer.alloc(10), 0, 10, 0))],
  ] as const) {
    assert.deepEqual(await waysOf(read), TAKEN, what)
  }
  lease.release()
  const { cached } = await waysOf(() => file.read(Buffer.alloc(2 ** 20 + 1), 0, 2 ** 20 + 1, 0))
  assert.equal(cached, 0)
})

test('a read overtakes nothing that was called before it', async () => {
  const buffer = Buffer.alloc(BLOCK)
  const before: Array<[string, () => Promise<unknown>, number]> = [
    ['a write', () => file.write(Buffer.alloc(BLOCK, 0x41), 0, BLOCK, 2 ** 21), 1],
    ['a long write', () => file.write(patternBytes(2 ** 21), 0, 2 ** 21, 0), 2],
    ['a trim', () => file.trim(2 ** 21, BLOCK), 1],
    ['a sync', () => file.datasync(), 1],
    ['a status', () => file.stat(), 1],
    ['what is drained', () => client.nop({ drain: true }), 1],
    ['a chain', () => client.chain((chain) => chain.write(file, Buffer.alloc(1), 0, 1, 0)), 1],
    ['a read of several requests', () => file.readv([buffer, Buffer.alloc(BLOCK)], 0), 1],
  ]
  for (const [what, call, requests] of before) {
    const ways = await waysOf(async () => {
      const first = call()
      await Promise.all([first, file.read(buffer, 0, BLOCK, 0)])
    })
    assert.deepEqual(ways, { cached: 0, taken: requests + 1 }, what)
  }
})

test('but it does not wait for other files', async () => {
  const other = await client.open(temporaryFile(BLOCK), 'r+')
  const ways = await waysOf(async () => {
    const first = other.write(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    const long = other.write(Buffer.alloc(2 ** 21), 0, 2 ** 21, 0)
    const open = client.open(path)
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    await Promise.all([first, long, open.then((opened) => opened.close())])
  })
  assert.deepEqual(ways, { cached: 1, taken: 5 })
  await other.close()
})

test('when many are under way the actor serves them together', async () => {
  const { cached, taken } = await waysOf(() =>
    Promise.all(Array.from({ length: 200 }, (_, n) => file.read(Buffer.alloc(8), 0, 8, n * 8))),
  )
  // What has just been delivered counts as under way.
  assert.ok(cached >= 12 && cached <= 16, `${cached}`)
  assert.equal(cached + taken, 200)
})

test('what is not cached is left to the actor, which reads it right', async (t) => {
  const { O_DIRECT, O_WRONLY, O_CREAT } = fs.constants
  const cold = `${temporaryDirectory()}/cold`
  const page = new Uint8Array(new SharedArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 }))
  page.set(patternBytes(2 ** 20))
  let fd: number
  try {
    fd = fs.openSync(cold, O_WRONLY | O_CREAT | O_DIRECT)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'EINVAL')
    // What is written past the cache is what is not in it, on any filesystem that can do that.
    return t.skip('this filesystem has no direct I/O')
  }
  fs.writeSync(fd, page, 0, 2 ** 20, 0)
  fs.closeSync(fd)
  const opened = await client.open(cold)
  // Far apart, so that what is read ahead for one of them is not another one.
  const reads = async (): Promise<void> => {
    for (const at of [0, 300_000, 600_000, 900_000]) {
      const buffer = Buffer.alloc(100)
      await opened.read(buffer, 0, 100, at)
      assert.ok(buffer.equals(patternBytes(100, at)))
    }
  }
  const first = await waysOf(reads)
  assert.ok(first.taken >= 1, 'nothing was missing')
  // After one in vain the next is not tried, and then two: by and by all are found.
  for (let round = 0; round < 4; round++) await waysOf(reads)
  assert.deepEqual(await waysOf(reads), { cached: 4, taken: 0 })
  await opened.close()
})

test('what the page cache is not for goes to the actor, or is its error', async () => {
  const direct = await client.open(path, fs.constants.O_RDONLY | fs.constants.O_DIRECT)
  assert.deepEqual(await waysOf(() => direct.read(client.alloc(BLOCK), 0, BLOCK, 0)), TAKEN)
  await direct.close()
  const device = await client.open('/dev/zero')
  assert.deepEqual(await waysOf(() => device.read(Buffer.alloc(10), 0, 10, 0)), TAKEN)
  await device.close()
  const status = await client.open('/proc/self/status')
  assert.deepEqual(await waysOf(() => status.read(Buffer.alloc(10), 0, 10, 0)), TAKEN)
  await status.close()
  const writable = await client.open(path, 'a')
  const reading = writable.read(Buffer.alloc(10), 0, 10, 0)
  await assert.rejects(reading, { code: 'EBADF', syscall: 'read' })
  await writable.close()
})

test('with { cachedReads: false } the actor reads everything', async () => {
  await file.close()
  await client.close()
  await actor.close()
  actor = await spawnActor({ cachedReads: false })
  client = actor.connect()
  file = await client.open(path, 'r+')
  assert.equal(actor.engine, expectedEngine())
  const ways = await waysOf(async () => {
    await file.read(Buffer.alloc(10), 0, 10, 0)
    file.readSync(Buffer.alloc(10), 0, 10, 0)
  })
  assert.deepEqual(ways, { cached: 0, taken: 2 })
})
