// The calls on files and the process that node:fs does not have.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import {
  CALL_DISCARD,
  CALL_FALLOCATE,
  CALL_FILESYSTEM,
  CALL_SYNC_FILE_RANGE,
  CALL_ZEROOUT,
} from '#dist/index.js'
import { arena, binding, kernel } from './support/ring.ts'

const { EBADF, EINVAL, ENOTTY, EOPNOTSUPP } = os.constants.errno
const directory = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-files-'))
const fd = openSync(path.join(directory, 'file'), 'w+')
after(() => {
  closeSync(fd)
  rmSync(directory, { recursive: true, force: true })
})

function fileCall(call: number, fd: number, mode: number, offset: bigint, length: bigint) {
  return new Promise<number>((resolve) => {
    binding.fileCall(call, fd, mode, offset, length, resolve)
  })
}

describe('fileCall', () => {
  test('allocates and punches holes', async (context) => {
    assert.equal(await fileCall(CALL_FALLOCATE, fd, 0, 0n, 65536n), 0)
    assert.equal(fstatSync(fd).size, 65536)
    writeSync(fd, Buffer.alloc(8192, 'x'), 0, 8192, 0)
    const punch = kernel('FALLOC_FL_PUNCH_HOLE') | kernel('FALLOC_FL_KEEP_SIZE')
    const result = await fileCall(CALL_FALLOCATE, fd, punch, 0n, 4096n)
    if (result === -EOPNOTSUPP) return context.skip('this filesystem cannot punch holes')
    assert.equal(result, 0)
    const bytes = Buffer.alloc(8192)
    readSync(fd, bytes, 0, 8192, 0)
    assert.ok(bytes.equals(Buffer.concat([Buffer.alloc(4096), Buffer.alloc(4096, 'x')])))
    assert.equal(fstatSync(fd).size, 65536)
  })

  test('passes offsets beyond 32 bits whole', async () => {
    const offset = 2n ** 33n + 4096n
    assert.equal(await fileCall(CALL_FALLOCATE, fd, 0, offset, 4096n), 0)
    assert.equal(fstatSync(fd, { bigint: true }).size, offset + 4096n)
  })

  test('writes a range back', async () => {
    const flags = kernel('SYNC_FILE_RANGE_WRITE') | kernel('SYNC_FILE_RANGE_WAIT_AFTER')
    assert.equal(await fileCall(CALL_SYNC_FILE_RANGE, fd, flags, 0n, 4096n), 0)
  })

  test('tells filesystems apart', async () => {
    const PROC_SUPER_MAGIC = 0x9fa0
    const proc = openSync('/proc/self/stat', 'r')
    assert.equal(await fileCall(CALL_FILESYSTEM, proc, 0, 0n, 0n), PROC_SUPER_MAGIC)
    closeSync(proc)
    const own = statfsSync(directory).type % 2 ** 31
    assert.equal(await fileCall(CALL_FILESYSTEM, fd, 0, 0n, 0n), own)
    assert.equal(await fileCall(CALL_FILESYSTEM, 99_999, 0, 0n, 0n), -EBADF)
  })

  test('answers -errno', async () => {
    assert.equal(await fileCall(CALL_FALLOCATE, fd, 0, 0n, -1n), -EINVAL)
    assert.equal(await fileCall(CALL_FALLOCATE, 99_999, 0, 0n, 1n), -EBADF)
    assert.equal(await fileCall(CALL_DISCARD, fd, 0, 0n, 4096n), -ENOTTY)
    assert.equal(await fileCall(CALL_ZEROOUT, fd, 0, 0n, 4096n), -ENOTTY)
  })

  test('keeps its thread alive, and is forgotten when that ends before it', async () => {
    const addon = new URL('./support/ring.js', import.meta.url).href
    const begin = `import(${JSON.stringify(addon)}).then(({ binding }) => {
      const done = (result) => require('node:worker_threads').parentPort.postMessage(result)
      for (let i = 0; i < 20; i++) binding.fileCall(0, ${fd}, 0, 0n, 4096n, done);`
    const waiting = new Worker(`${begin} })`, { eval: true })
    let results = 0
    waiting.on('message', (result) => {
      results += result === 0 ? 1 : 0
    })
    assert.deepEqual(await once(waiting, 'exit'), [0])
    assert.equal(results, 20)
    for (let count = 0; count < 20; count++) {
      const leaving = new Worker(`${begin} process.exit(3) })`, { eval: true })
      assert.deepEqual(await once(leaving, 'exit'), [3])
    }
  })

  test('throws uncaught exceptions when its callback throws', async () => {
    const addon = new URL('./support/ring.js', import.meta.url).href
    const worker = new Worker(
      `import(${JSON.stringify(addon)}).then(({ binding }) => {
         binding.fileCall(0, 99999, 0, 0n, 1n, () => { throw new Error('from the callback') })
       })`,
      { eval: true },
    )
    const [error] = (await once(worker, 'error')) as [Error]
    assert.equal(error.message, 'from the callback')
  })
})

describe('facts', () => {
  test('of direct I/O are powers of two, or not told', () => {
    const out = new Uint32Array(2)
    const result = binding.directAlignment(fd, out)
    assert.ok(result === 0 || result === -EOPNOTSUPP, `returned ${result}`)
    for (const bytes of out) assert.equal(bytes & (bytes - 1), 0)
    assert.equal(binding.directAlignment(99_999, out), -EBADF)
  })

  test('of a mount are the same for its files, and others for another mount', (context) => {
    const mount = binding.mountId(fd)
    // An older kernel numbers mounts anew, so the addon does not tell: there is nothing to compare.
    if (mount === 0) return context.skip('this kernel tells no unique mount (before Linux 6.8)')
    assert.ok(Number.isSafeInteger(mount) && mount > 0, `${mount}`)
    const beside = openSync(directory, 'r')
    const elsewhere = openSync('/proc/self/status', 'r')
    assert.equal(binding.mountId(beside), mount)
    assert.notEqual(binding.mountId(elsewhere), mount)
    closeSync(beside)
    closeSync(elsewhere)
    assert.equal(binding.mountId(99_999), -EBADF)
  })

  test('of a block device are its block size and its size', (context) => {
    const out = new Float64Array(2)
    assert.equal(binding.blockDevice(fd, out), -ENOTTY)
    assert.equal(binding.blockDevice(99_999, out), -EBADF)
    let device: number
    try {
      device = openSync('/dev/loop0', 'r')
    } catch (error) {
      return context.skip(`no block device: ${(error as Error).message}`)
    }
    assert.equal(binding.blockDevice(device, out), 0)
    closeSync(device)
    assert.ok(out[0]! >= 512)
    assert.equal(out[1]! % 512, 0)
  })

  test('of the process are its limits', () => {
    assert.ok(binding.memlockLimit() >= 0)
    assert.ok(binding.fileLimit() > 2)
    assert.equal(typeof binding.hasIpcLock(), 'boolean')
  })

  test('of the doorbell: it is one, and it is an eventfd', () => {
    const doorbell = binding.doorbell()
    assert.equal(binding.doorbell(), doorbell)
    assert.ok(doorbell > 2)
  })
})

describe('memory', () => {
  test('of an arena begins on a page and stays where it is', () => {
    const memory = arena(65536)
    const address = binding.addressOf(memory)
    assert.equal(address % 4096, 0)
    assert.equal(binding.addressOf(memory.subarray(5)), address + 5)
  })

  test('is kept from forks by whole pages', () => {
    const memory = arena(65536)
    assert.equal(binding.dontFork(memory), 0)
    assert.equal(binding.dontFork(memory.subarray(4096, 8192)), 0)
    assert.equal(binding.dontFork(memory.subarray(0, 100)), -EINVAL)
    assert.equal(binding.dontFork(memory.subarray(1, 4097)), -EINVAL)
  })

  test('is dropped by whole pages, and reads as zeros then', () => {
    const memory = arena(65536).fill(7)
    assert.equal(binding.dropPages(memory.subarray(4096, 8192)), 0)
    assert.deepEqual(memory.subarray(4096, 8192), new Uint8Array(4096))
    assert.equal(memory[4095], 7)
    assert.equal(memory[8192], 7)
    assert.equal(binding.dropPages(memory.subarray(0, 100)), -EINVAL)
    assert.equal(binding.dropPages(memory.subarray(1, 4097)), -EINVAL)
    assert.equal(memory[0], 7)
  })
})
