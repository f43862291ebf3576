// A full disk: the error tells how much was written, that much is there, and the client works on.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { missingSystemTests } from '../support/tools.ts'

const SIZE = 4 * 2 ** 20

const directory = fs.mkdtempSync(path.join(tmpdir(), 'uring-actor-full-disk-'))
const unmount = (): void => {
  execFileSync('umount', ['-l', directory], { stdio: 'ignore' })
}
const whyNot = mountSmallDisk()

function mountSmallDisk(): string | false {
  const missing = missingSystemTests()
  if (missing !== false) {
    fs.rmSync(directory, { recursive: true, force: true })
    return missing
  }
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'none', directory], {
      stdio: 'ignore',
    })
    process.once('exit', () => {
      if (fs.existsSync(path.join(directory, 'mounted'))) unmount()
    })
    fs.writeFileSync(path.join(directory, 'mounted'), '')
    return false
  } catch {
    fs.rmSync(directory, { recursive: true, force: true })
    return 'a filesystem can be mounted by root only, and not in every container'
  }
}

interface FullDisk extends NodeJS.ErrnoException {
  bytesWritten?: number
}

describe('a full disk', { skip: whyNot }, () => {
  let actor: Actor
  let client: Client
  const at = path.join(directory, 'file')

  before(async () => {
    actor = await spawnActor()
    client = actor.connect()
  })

  after(async () => {
    await client.close()
    await actor.close()
    unmount()
    fs.rmdirSync(directory)
  })

  const ways = ['write', 'writeDurable', 'writeSync', 'writeDurableSync'] as const
  for (const way of ways) {
    for (const length of [2 * SIZE, SIZE + 4096]) {
      test(`${way} of ${length} bytes tells how much fitted`, async () => {
        const file = await client.open(at, 'w+')
        const content = Buffer.alloc(length, 'full')
        const error = await failureOf(async () => file[way](content, 0, length, 0))
        assert.equal(error.code, 'ENOSPC')
        assert.equal(error.errno, -28)
        assert.equal(error.syscall, 'write')
        assert.equal(typeof error.bytesWritten, 'number')
        const written = error.bytesWritten as number
        assert.ok(written > 0 && written <= SIZE, `${written} bytes`)
        const seen = fs.readFileSync(at).subarray(0, written)
        assert.equal(Buffer.compare(seen, content.subarray(0, written)), 0)
        await client.nop()
        await file.close()
        fs.rmSync(at)
      })
    }
  }

  test('what was acknowledged before is there', async () => {
    const file = await client.open(at, 'w+')
    const block = 64 * 1024
    const results = await Promise.allSettled(
      Array.from({ length: 100 }, (_, n) =>
        file.writeDurable(Buffer.alloc(block, n + 1), 0, block, n * block),
      ),
    )
    const failed = results.filter(({ status }) => status === 'rejected')
    assert.ok(failed.length > 0 && failed.length < results.length, `${failed.length} failed`)
    const seen = fs.readFileSync(at)
    results.forEach((result, n) => {
      if (result.status === 'rejected') {
        assert.equal((result.reason as FullDisk).code, 'ENOSPC')
        return
      }
      assert.equal(result.value.bytesWritten, block)
      const expected = Buffer.alloc(block, n + 1)
      assert.equal(Buffer.compare(seen.subarray(n * block, (n + 1) * block), expected), 0)
    })
    await file.close()
    fs.rmSync(at)
  })

  test('a chain stops at the member that did not fit', async () => {
    const file = await client.open(at, 'w+')
    const lease = client.alloc(2 * 2 ** 20)
    const chain = client.chain((c) => {
      for (let n = 0; n < 4; n++) c.write(file, lease, 0, lease.length, n * lease.length)
    })
    const error = (await failureOf(() => chain)) as FullDisk & { failedIndex: number }
    assert.equal(error.code, 'ENOSPC')
    assert.ok(error.failedIndex === 1 || error.failedIndex === 2, `member ${error.failedIndex}`)
    assert.equal(typeof error.bytesWritten, 'number')
    lease.release()
    await file.close()
    fs.rmSync(at)
  })

  test('allocate says so, and space that was given back can be used', async () => {
    const file = await client.open(at, 'w+')
    await assert.rejects(file.allocate(0, 2 * SIZE), { code: 'ENOSPC', syscall: 'fallocate' })
    await file.allocate(0, SIZE / 2)
    await file.trim(0, SIZE / 2)
    const content = Buffer.alloc(SIZE - 65_536, 'again')
    assert.equal((await file.write(content, 0, content.length, 0)).bytesWritten, content.length)
    assert.equal(Buffer.compare(fs.readFileSync(at).subarray(0, content.length), content), 0)
    await file.close()
    fs.rmSync(at)
  })

  test('a stream fails with the error', async () => {
    const file = await client.open(at, 'w')
    const stream = file.createWriteStream()
    const error = await new Promise<FullDisk>((resolve) => {
      stream.on('error', resolve)
      for (let n = 0; n < 100; n++) stream.write(Buffer.alloc(100_000))
    })
    assert.equal(error.code, 'ENOSPC')
    fs.rmSync(at)
  })
})

async function failureOf(call: () => Promise<unknown>): Promise<FullDisk> {
  try {
    await call()
  } catch (error) {
    return error as FullDisk
  }
  throw new assert.AssertionError({ message: 'it did not fail' })
}
