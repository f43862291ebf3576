// Each error that the kernel may give, injected into each operation at a chosen place, reaches whoever
// asked and nobody else, with its code and the bytes that were done; what is interrupted or short
// reaches nobody.
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { after, before, describe, test } from 'node:test'
import { type ErrnoName, spawnTestActor, type TestActor } from '@uring-actor/actor/testing'
import type { Client, UringFile } from '@uring-actor/client'
import { type Failure, failureOf } from './failure.ts'

const ERRNOS: readonly ErrnoName[] = [
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EROFS',
  'EPERM',
  'EIO',
  'ESTALE',
  'EBADF',
  'ECANCELED',
]

describe('injected errors', () => {
  let tested: TestActor
  let client: Client
  let file: UringFile

  before(async () => {
    tested = await spawnTestActor({ seed: 1 })
    client = tested.connect()
    file = await client.open('/errors', 'w+')
    await file.write(Buffer.alloc(65536, 1), 0, 65536, 0)
  })
  after(() => tested.close())

  for (const code of ERRNOS) {
    test(`${code} of a read, a write and a trim, and of nothing else`, async () => {
      const errno = -constants.errno[code]
      for (const operation of ['read', 'write', 'trim'] as const) {
        await tested.faults.inject({ operation, errno: code, skip: 1 })
        const bytes = Buffer.alloc(512, 1)
        const call = (position: number): Promise<unknown> => {
          if (operation === 'trim') return file.trim(position, 512)
          if (operation === 'read') return file.read(bytes, 0, 512, position)
          return file.write(bytes, 0, 512, position)
        }
        const calls = [call(0), call(4096), call(8192)]
        const failed = await failureOf(calls[1]!)
        assert.equal(failed.errno, errno)
        if (operation === 'write') assert.equal(failed.bytesWritten, 0)
        await Promise.all([calls[0], calls[2]])
      }
    })
  }

  test('an error in the middle of a long write tells how much is there', async () => {
    await tested.faults.inject({ operation: 'write', bytes: 700_001, errno: 'ENOSPC' })
    const bytes = Buffer.alloc(1 << 20, 0xaa)
    const failed = await failureOf(file.write(bytes, 0, bytes.length, 1 << 20))
    assert.deepEqual([failed.code, failed.bytesWritten], ['ENOSPC', 700_001])
    const there = Buffer.alloc(1 << 20)
    const { bytesRead } = await file.read(there, 0, there.length, 1 << 20)
    assert.equal(bytesRead, 700_001)
    assert.deepEqual(there.subarray(0, bytesRead), bytes.subarray(0, bytesRead))
  })

  test('a write of many pieces says how much of it is there in one run', async () => {
    await file.truncate(0)
    // The third piece of 1 MiB fails half way; those after it may be written nevertheless.
    await tested.faults.inject({ operation: 'write', skip: 2, bytes: 1 << 19, errno: 'EFBIG' })
    const bytes = Buffer.alloc(6 << 20, 0xbb)
    const failed = await failureOf(file.write(bytes, 0, bytes.length, 0))
    assert.deepEqual([failed.code, failed.bytesWritten], ['EFBIG', (2 << 20) + (1 << 19)])
  })

  test('a full disk: what fits is written, and the error tells how much', async () => {
    await file.allocate(0, 2 ** 28 - 1000)
    const failed = await failureOf(file.write(Buffer.alloc(4096), 0, 4096, 2 ** 28 - 1000))
    assert.deepEqual([failed.code, failed.bytesWritten], ['ENOSPC', 1000])
    await file.truncate(65536)
  })

  test('a read that fails after some bytes is short; the next one gives the error', async () => {
    await tested.faults.inject({ operation: 'read', bytes: 100, errno: 'EIO' })
    const { bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
    assert.equal(bytesRead, 100)
  })

  test('what is interrupted is asked for again, and nobody hears of it', async () => {
    const retried = (await tested.actor.stats()).retries
    for (const errno of ['EINTR', 'EAGAIN'] as const) {
      await tested.faults.inject({ operation: 'read', errno, tries: 20 })
      await tested.faults.inject({ operation: 'fsync', errno, tries: 20 })
      await file.read(Buffer.alloc(512), 0, 512, 0)
      await file.sync()
    }
    assert.equal((await tested.actor.stats()).retries - retried, 80)
  })

  test('a failing open, close and stat, with the path where node:fs has it', async () => {
    await tested.faults.inject({ operation: 'open', path: 'other', errno: 'EMFILE' })
    const failed = (await failureOf(client.open('/other', 'w'))) as Failure & { path?: string }
    assert.equal(failed.message, "EMFILE: too many open files, open '/other'")
    const other = await client.open('/other', 'w')
    await tested.faults.inject({ operation: 'fstat', errno: 'EIO' })
    assert.equal((await failureOf(other.stat())).code, 'EIO')
    assert.equal((await other.stat()).size, 0)
    await tested.faults.inject({ operation: 'close', errno: 'EIO' })
    assert.equal((await failureOf(other.close())).code, 'EIO')
  })

  test('the failing member of a chain is named, those after it are cancelled', async () => {
    const bytes = Buffer.alloc(512, 0xcc)
    await file.write(Buffer.alloc(4096), 0, 4096, 0)
    await tested.faults.inject({ operation: 'write', skip: 1, bytes: 10, errno: 'EROFS' })
    const failed = await failureOf(
      client.chain((chain) => {
        chain.write(file, bytes, 0, 512, 0).write(file, bytes, 0, 512, 512)
        chain.write(file, bytes, 0, 512, 1024).datasync(file)
      }),
    )
    assert.deepEqual([failed.code, failed.failedIndex, failed.bytesWritten], ['EROFS', 1, 10])
    const there = await file.read(Buffer.alloc(1536), 0, 1536, 0)
    assert.deepEqual(
      there.buffer,
      Buffer.concat([bytes, Buffer.alloc(10, 0xcc), Buffer.alloc(1014)]),
    )
    await file.sync()
  })

  test('a member that is short or interrupted breaks no chain', async () => {
    await tested.faults.inject({ operation: 'write', bytes: 100 })
    await tested.faults.inject({ operation: 'read', errno: 'EINTR', tries: 3 })
    const bytes = Buffer.alloc(512, 0xdd)
    const into = Buffer.alloc(512)
    await client.chain((chain) => {
      chain.write(file, bytes, 0, 512, 0).read(file, into, 0, 512, 0).datasync(file)
    })
    assert.deepEqual(into, bytes)
  })

  test('every fault is in the history, with its operation', async () => {
    const before = (await tested.faults.history()).length
    const number = await tested.faults.operations()
    await tested.faults.inject({ at: number + 1, errno: 'EPERM' })
    await file.read(Buffer.alloc(8), 0, 8, 16)
    await failureOf(file.read(Buffer.alloc(8), 0, 8, 24))
    const [event, ...more] = await tested.faults.history(before)
    assert.deepEqual(more, [])
    const { time, ...rest } = event!
    assert.ok(time > 0)
    const where = { name: 'read', path: '/errors', position: 24, length: 8 }
    assert.deepEqual(rest, { operation: number + 1, kind: 'error', ...where, result: -1 })
  })
})
