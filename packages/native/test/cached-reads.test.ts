// Reads of the page cache on files that one thread offers to all: only who owns the file can, only
// while it is offered, and none of what is not cached.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, beforeEach, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { readCached } from './support/cached.ts'
import { binding } from './support/ring.ts'

const { EAGAIN, EBADF, EINVAL, EOPNOTSUPP } = os.constants.errno
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'uring-actor-cached-'))
const SIZE = 100_000
const content = Buffer.from(new Uint8Array(SIZE).map((_, index) => (index * 7) % 251))
const name = path.join(directory, 'file')
fs.writeFileSync(name, content)
const fd = fs.openSync(name, 'r')
const OWNER = 2 ** 47 + 12_345
const SLOT = 9
const whole = { slot: SLOT, generation: 3, owner: OWNER, position: 0 }

after(() => {
  fs.closeSync(fd)
  fs.rmSync(directory, { recursive: true })
})

describe('who offers', () => {
  test('has the claim: nobody else can', () => {
    assert.equal(binding.offerFile(SLOT, 3, OWNER, fd), false)
    assert.equal(readCached(whole, Buffer.alloc(10)).result, -EBADF)
    assert.ok(binding.claim())
    assert.equal(binding.offerFile(SLOT, 3, OWNER, fd), true)
    // It is offered already.
    assert.equal(binding.offerFile(SLOT, 4, OWNER, fd), false)
    assert.equal(binding.withdrawFile(SLOT), true)
  })

  test('withdraws everything when the claim is given up', () => {
    assert.ok(binding.claim())
    assert.ok(binding.offerFile(SLOT, 3, OWNER, fd))
    binding.releaseClaim()
    assert.equal(readCached(whole, Buffer.alloc(10)).result, -EBADF)
    assert.ok(binding.claim())
  })

  test('has a slot for each file that an actor may have', () => {
    assert.ok(binding.claim())
    for (const slot of [1, 32_767]) {
      assert.ok(binding.offerFile(slot, 3, OWNER, fd))
      assert.equal(readCached({ ...whole, slot }, Buffer.alloc(10)).result, 10)
      assert.ok(binding.withdrawFile(slot))
    }
  })

  test('has to name a slot of the table', () => {
    for (const slot of [-1, 32_768]) {
      assert.throws(() => binding.offerFile(slot, 3, OWNER, fd), RangeError)
      assert.throws(() => binding.withdrawFile(slot), RangeError)
    }
  })
})

describe('a file that is offered', () => {
  beforeEach(() => {
    assert.ok(binding.claim())
    assert.ok(binding.withdrawFile(SLOT))
    assert.ok(binding.offerFile(SLOT, 3, OWNER, fd))
  })

  test('is read as pread(2) reads it, short only at its end', () => {
    for (const [position, length] of [
      [0, 1],
      [0, SIZE],
      [4095, 4098],
      [SIZE - 10, 100],
      [SIZE, 1],
      [SIZE + 5000, 20],
      [Number.MAX_SAFE_INTEGER - 5000, 4096],
    ] as const) {
      const memory = Buffer.alloc(length, 0xee)
      const expected = Buffer.alloc(length, 0xee)
      const count = fs.readSync(fd, expected, 0, length, position)
      assert.equal(readCached({ ...whole, position }, memory).result, count, `${position}`)
      assert.ok(memory.equals(expected), `${length} bytes at ${position}`)
    }
  })

  test('is not read by who names another owner, generation, slot or position', () => {
    for (const [change, expected] of [
      [{ owner: OWNER + 1 }, EBADF],
      [{ owner: Number.NaN }, EBADF],
      [{ generation: 2 }, EBADF],
      [{ generation: 3.5 }, EBADF],
      [{ generation: 3 + 2 ** 32 }, EBADF],
      [{ slot: SLOT + 1 }, EBADF],
      [{ slot: -1 }, EBADF],
      [{ slot: 2 ** 16 }, EBADF],
      [{ slot: 2 ** 32 + SLOT }, EBADF],
      [{ slot: Number.NaN }, EBADF],
      [{ slot: Number.POSITIVE_INFINITY }, EBADF],
      [{ position: -1 }, EINVAL],
      [{ position: Number.NaN }, EINVAL],
      [{ position: 2 ** 53 }, EINVAL],
      [{ position: 1e300 }, EINVAL],
    ] as const) {
      const memory = Buffer.alloc(100, 0xee)
      const { result } = readCached({ ...whole, ...change }, memory)
      assert.equal(result, -expected, JSON.stringify(change))
      assert.ok(memory.equals(Buffer.alloc(100, 0xee)))
    }
  })

  test('is read by another thread', async () => {
    const worker = new Worker(new URL('./support/cached-thread.js', import.meta.url), {
      workerData: { ...whole, position: 50 },
    })
    const [result, bytes] = await new Promise<[number, Uint8Array]>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    assert.equal(result, 1000)
    assert.ok(content.subarray(50, 1050).equals(bytes))
  })

  test('is read by nobody once it is withdrawn', () => {
    assert.equal(binding.withdrawFile(SLOT), true)
    assert.equal(readCached(whole, Buffer.alloc(10)).result, -EBADF)
    assert.equal(binding.withdrawFile(SLOT), true)
  })

  test('tells when a read began and when it ended, if it is asked to', () => {
    assert.deepEqual(readCached(whole, Buffer.alloc(10)), { result: 10, started: 0, ended: 0 })
    const micros = (): number => Number(process.hrtime.bigint()) / 1e3
    const before = micros()
    const { started, ended } = readCached(whole, Buffer.alloc(10), true)
    const afterwards = micros()
    assert.ok(before <= started && started <= ended && ended <= afterwards)
  })

  test('needs memory to be read into', () => {
    const buffer = new ArrayBuffer(10)
    const view = new Uint8Array(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    assert.equal(readCached(whole, view).result, -EINVAL)
    assert.throws(() => binding.readCached(new Float64Array(6), Buffer.alloc(1)), TypeError)
    assert.throws(() => binding.readCached([] as never, Buffer.alloc(1)), TypeError)
    assert.throws(() => binding.readCached(new Float64Array(7), 'text' as never), TypeError)
  })
})

/** Opens, offers in a slot of its own, reads, withdraws, closes. */
function firstRead(file: string, flags: number, memory: Uint8Array): number {
  const slot = SLOT + 1
  const opened = fs.openSync(file, flags, 0o600)
  try {
    assert.ok(binding.claim())
    assert.ok(binding.offerFile(slot, 1, OWNER, opened))
    return readCached({ slot, generation: 1, owner: OWNER, position: 0 }, memory).result
  } finally {
    assert.ok(binding.withdrawFile(slot))
    fs.closeSync(opened)
  }
}

describe('what cannot be read from the page cache', () => {
  test('is refused, and not waited for', (context) => {
    const direct = path.join(directory, 'direct')
    const page = new Uint8Array(new SharedArrayBuffer(65536, { maxByteLength: 65536 }))
    let made: number
    try {
      made = fs.openSync(
        direct,
        fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_DIRECT,
      )
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'EINVAL')
      // What is written past the cache is what is not in it, on any filesystem that can do that.
      return context.skip('this filesystem has no direct I/O')
    }
    fs.writeSync(made, page.fill(5), 0, 65536, 0)
    fs.closeSync(made)
    const memory = Buffer.alloc(4096)
    assert.equal(firstRead(direct, fs.constants.O_RDONLY, memory), -EAGAIN)
  })

  test('is an error of its own kind', () => {
    const { O_RDONLY, O_WRONLY, O_CREAT } = fs.constants
    assert.equal(
      firstRead(path.join(directory, 'new'), O_WRONLY | O_CREAT, Buffer.alloc(1)),
      -EBADF,
    )
    assert.equal(firstRead(directory, O_RDONLY, Buffer.alloc(1)), -EOPNOTSUPP)
    assert.equal(firstRead('/proc/self/status', O_RDONLY, Buffer.alloc(1)), -EOPNOTSUPP)
  })
})
