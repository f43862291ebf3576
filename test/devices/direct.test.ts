// Direct I/O: alignments are the kernel's own, leases reach the disk without a copy, any other memory
// is staged, and what is misaligned is refused at the call, naming the number.
import assert from 'node:assert/strict'
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import { loadBinding } from '@uring-actor/native'
import { type BlockDevice, deviceOrReason, makeLoop } from '../support/devices.ts'
import { codeOf } from '../support/outcome.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'

const SIZE = 2 ** 20
const DIRECT = constants.O_RDWR | constants.O_DIRECT

let actor: Actor
let client: Client
before(async () => {
  actor = await spawnActor()
  client = connect()
})
after(async () => {
  await client.close()
  await actor.close()
})

/** The reason to skip where this filesystem has no direct I/O; false where it has. */
function missingDirect(): string | false {
  const file = path.join(temporaryDirectory(), 'probe')
  writeFileSync(file, '')
  try {
    closeSync(openSync(file, DIRECT))
    return false
  } catch {
    return `no direct I/O in ${path.dirname(path.dirname(file))}`
  }
}

/** What statx says of a path: alignment of memory, and of position and length. */
function statxAlignment(file: string): [memory: number, offset: number] {
  const out = new Uint32Array(new SharedArrayBuffer(8))
  const fd = openSync(file, 'r')
  try {
    assert.equal(loadBinding().directAlignment(fd, out), 0)
  } finally {
    closeSync(fd)
  }
  return [out[0]!, out[1]!]
}

interface Target {
  path: string
  /** Reads all of it by way of node:fs. */
  content: () => Buffer
}

function fileTarget(): Target {
  const file = temporaryFile(SIZE)
  return { path: file, content: () => readFileSync(file) }
}

function deviceTarget(device: BlockDevice): Target {
  return { path: device.path, content: () => readFileSync(device.path).subarray(0, SIZE) }
}

testTarget('a file', missingDirect(), fileTarget)
for (const sectorSize of [512, 4096]) {
  const device = deviceOrReason(() => makeLoop(SIZE, sectorSize))
  const name = `a loop device with sectors of ${sectorSize} bytes`
  if (typeof device === 'string') testTarget(name, device, fileTarget)
  else testTarget(name, false, () => deviceTarget(device))
}

function testTarget(name: string, skip: string | false, target: () => Target): void {
  test(`${name}: alignments are those of statx`, { skip }, async () => {
    const { path } = target()
    const file = await client.open(path, DIRECT)
    const [memory, offset] = statxAlignment(path)
    assert.ok(memory > 0 && offset > 0)
    assert.equal(file.directAlignment, Math.max(memory, offset))
    const stats = await file.stat()
    assert.equal(stats.directMemoryAlignment, memory)
    assert.equal(stats.directOffsetAlignment, offset)
    await file.close()
  })

  test(`${name}: leases are page-aligned and hold what is on the disk`, { skip }, async () => {
    const { path, content } = target()
    const file = await client.open(path, DIRECT)
    const leases = [1, 4096, 4097, 65536].map((length) => client.alloc(length))
    for (const { byteOffset } of leases) assert.equal(byteOffset % 4096, 0)
    const large = leases[3]!
    large.set(patternBytes(65536, 3))
    assert.equal((await file.write(large, 0, 65536, 131072)).bytesWritten, 65536)
    large.fill(0)
    assert.equal((await file.read(large, 0, 65536, 131072)).bytesRead, 65536)
    assert.ok(Buffer.from(large).equals(patternBytes(65536, 3)))
    assert.equal(file.readSync(large, 4096, 8192, 131072), 8192)
    assert.ok(Buffer.from(large.subarray(4096, 12288)).equals(patternBytes(8192, 3)))
    for (const lease of leases) lease.release()
    await file.close()
    assert.ok(content().subarray(131072, 196608).equals(patternBytes(65536, 3)))
  })

  test(`${name}: memory that is not aligned is staged`, { skip }, async () => {
    const { path, content } = target()
    const file = await client.open(path, DIRECT)
    const backing = Buffer.alloc(3 * SIZE, 0xee)
    const odd = backing.subarray(1, 1 + SIZE)
    patternBytes(SIZE, 9).copy(odd)
    assert.equal((await file.write(odd, 0, SIZE, 0)).bytesWritten, SIZE)
    const back = backing.subarray(SIZE + 3, 2 * SIZE + 3)
    assert.equal((await file.read(back, 0, SIZE, 0)).bytesRead, SIZE)
    assert.ok(back.equals(patternBytes(SIZE, 9)))
    assert.equal(backing[2 * SIZE + 3], 0xee)
    const parts = [odd.subarray(0, 8192), odd.subarray(8192, 12288)]
    assert.equal((await file.readv(parts, 4096)).bytesRead, 12288)
    assert.ok(odd.subarray(0, 12288).equals(patternBytes(12288, 9 + 4096)))
    assert.equal(file.writeSync(odd, 0, 4096, 0), 4096)
    const many = await file.readMany([0, 65536, 4096], 4096)
    assert.ok(Buffer.from(many[1]!).equals(patternBytes(4096, 9 + 65536)))
    await file.close()
    assert.ok(
      content()
        .subarray(0, 4096)
        .equals(patternBytes(4096, 9 + 4096)),
    )
  })

  test(`${name}: what is misaligned is refused at the call`, { skip }, async () => {
    const { path } = target()
    const file = await client.open(path, DIRECT)
    const alignment = (await file.stat()).directOffsetAlignment
    const lease = client.alloc(16384)
    const buffer = Buffer.alloc(16384)
    const { taken } = await client.stats()
    const half = alignment / 2
    const message = new RegExp(`multiple of ${alignment} bytes`)
    const bad: Array<[ArrayBufferView, length: number, position: number | bigint]> = [
      [buffer, alignment, half],
      [buffer, half, 0],
      [buffer, alignment + 1, 0],
      [buffer, alignment, BigInt(2 ** 40 + 1)],
      [lease, alignment, half],
      [lease, half, 0],
    ]
    for (const [view, length, position] of bad) {
      const error = { name: 'UringError', code: 'ERR_URING_ALIGNMENT', message }
      await assert.rejects(file.read(view, 0, length, position), error)
      await assert.rejects(file.write(view, 0, length, position), error)
      await assert.rejects(file.writeDurable(view, 0, length, position), error)
      assert.throws(() => file.readSync(view, 0, length, position), error)
      assert.throws(() => file.writeSync(view, 0, length, position), error)
      await assert.rejects(
        client.chain((chain) => chain.nop().read(file, view, 0, length, position)),
        error,
      )
    }
    const memory = (await file.stat()).directMemoryAlignment
    if (memory > 1) {
      await assert.rejects(file.read(lease, memory / 2, alignment, 0), {
        code: 'ERR_URING_ALIGNMENT',
        message: new RegExp(`buffer that is a multiple of ${memory} bytes`),
      })
    }
    // Nothing of all this was posted; the client goes on.
    const posted = (await client.stats()).taken - taken
    assert.ok(posted <= 2, `${posted} requests were posted`)
    assert.equal((await file.read(buffer, 0, 4096, 4096)).bytesRead, 4096)
    lease.release()
    await file.close()
  })

  test(`${name}: block helpers`, { skip }, async () => {
    const { path, content } = target()
    const file = await client.open(path, DIRECT, null, { blockSize: 4096 })
    assert.equal(file.blockSize, 4096)
    const block = patternBytes(4096, 77)
    await file.writeBlock(5, block)
    assert.ok(Buffer.from(await file.readBlock(5)).equals(block))
    const lease = client.alloc(4096)
    lease.set(block)
    await file.writeBlock(6, lease)
    lease.release()
    assert.ok(Buffer.from(await file.readBlock(6)).equals(block))
    const { method } = await file.trimBlock(5)
    assert.match(method, /^(hole|discard|discard-ioctl)$/)
    assert.ok((await file.readBlock(5)).every((byte) => byte === 0))
    assert.equal((await file.readBlock(SIZE / 4096)).length, 0, 'beyond the end')
    for (const bad of [-1, 0.5, Number.NaN, '1', 2 ** 53]) {
      const n = bad as number
      assert.match(
        (await codeOf(() => file.readBlock(n)))!,
        /^ERR_(OUT_OF_RANGE|INVALID_ARG_TYPE)$/,
      )
      assert.notEqual(await codeOf(() => file.writeBlock(n, block)), null)
      assert.notEqual(await codeOf(() => file.trimBlock(n)), null)
    }
    await assert.rejects(file.writeBlock(0, Buffer.alloc(4095)), { code: 'ERR_OUT_OF_RANGE' })
    await file.close()
    assert.ok(
      content()
        .subarray(6 * 4096, 7 * 4096)
        .equals(block),
    )
  })
}

test('block helpers need a block size', async () => {
  const file = await client.open(temporaryFile(4096), 'r+')
  assert.equal(file.blockSize, 0)
  await assert.rejects(file.readBlock(0), { code: 'ERR_INVALID_ARG_VALUE', message: /blockSize/ })
  await file.close()
  for (const blockSize of [0, -1, 1.5, '4096']) {
    const options = { blockSize: blockSize as number }
    assert.notEqual(await codeOf(() => client.open(file.path, 'r', null, options)), null)
  }
})

test('a block at the end of a file that is no multiple of it is short', async () => {
  const file = await client.open(temporaryFile(10_000), 'r', null, { blockSize: 4096 })
  assert.ok(Buffer.from(await file.readBlock(2)).equals(patternBytes(10_000 - 8192, 8192)))
  await file.close()
})

for (const size of [0, 1, 511, 4096, 4097, 65536, 1_000_001, 3_333_333]) {
  test(`a direct read of a whole file of ${size} bytes`, { skip: missingDirect() }, async () => {
    const path = temporaryFile(size)
    const expected = patternBytes(size)
    const open = (): Promise<UringFile> =>
      client.open(path, constants.O_RDONLY | constants.O_DIRECT)
    const first = await open()
    const whole = await first.readFile()
    assert.equal(whole.length, size)
    assert.ok(whole.equals(expected))
    await first.close()
    const second = await open()
    assert.ok(second.readFileSync().equals(expected))
    await second.close()
    const third = await open()
    const padded = Buffer.alloc(Math.ceil((size + 1) / 4096) * 4096, 0xee)
    assert.equal((await third.read(padded, 0, padded.length, 0)).bytesRead, size)
    assert.ok(padded.subarray(0, size).equals(expected))
    await third.close()
  })
}
