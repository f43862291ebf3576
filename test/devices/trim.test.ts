// Trim gives space back, on a file and on block devices: what was trimmed reads as zeros, what was
// not is untouched, the space is free, and the result says how it was done.
import assert from 'node:assert/strict'
import { constants, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import { type BlockDevice, deviceOrReason, makeLoop, makeZram } from '../support/devices.ts'
import { patternBytes, temporaryFile } from '../support/temporary.ts'

const SIZE = 8 * 2 ** 20

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

/** Holds a file's bytes against the pattern with zeros in [from, to). */
async function assertHole(file: UringFile, size: number, from: number, to: number): Promise<void> {
  const expected = patternBytes(size)
  expected.fill(0, from, to)
  const found = Buffer.alloc(size)
  const { bytesRead } = await file.read(found, 0, size, 0)
  assert.equal(bytesRead, size)
  const different = found.findIndex((byte, index) => byte !== expected[index])
  assert.equal(different, -1, `byte ${different} is ${found[different]}`)
}

test('a hole in a file: its size stays, its blocks go', async () => {
  const path = temporaryFile(2 ** 20)
  const file = await client.open(path, 'r+')
  await file.sync()
  const before = await file.stat()
  assert.deepEqual(await file.trim(262144, 524288), { method: 'hole' })
  const now = await file.stat()
  assert.equal(now.size, before.size)
  assert.equal((before.blocks - now.blocks) * 512, 524288)
  await assertHole(file, 2 ** 20, 262144, 786432)
  await file.close()
})

test('a hole whose ends are no multiples of a block is exact all the same', async () => {
  const path = temporaryFile(65536)
  const file = await client.open(path, 'r+')
  assert.deepEqual(file.trimSync(1000, 20001), { method: 'hole' })
  await assertHole(file, 65536, 1000, 21001)
  await file.close()
  const expected = patternBytes(65536)
  expected.fill(0, 1000, 21001)
  assert.ok(readFileSync(path).equals(expected))
})

test('a hole at and beyond the end of a file does not change its size', async () => {
  const file = await client.open(temporaryFile(8192), 'r+')
  await file.trim(4096, 2 ** 30)
  await file.trim(2 ** 40, 4096)
  assert.equal((await file.stat()).size, 8192)
  await assertHole(file, 8192, 4096, 8192)
  await file.close()
})

test('a file without the right to write, and an empty range', async () => {
  const path = temporaryFile(8192)
  const reader = await client.open(path, 'r')
  await assert.rejects(reader.trim(0, 4096), { code: 'EBADF', syscall: 'trim' })
  await reader.close()
  const file = await client.open(path, 'r+')
  await assert.rejects(file.trim(0, 0), { code: 'EINVAL', syscall: 'trim' })
  await assert.rejects(file.trim(-1, 4096), { code: 'ERR_OUT_OF_RANGE' })
  await assert.rejects(file.trim(0, 1.5), { code: 'ERR_OUT_OF_RANGE' })
  await assertHole(file, 8192, 0, 0)
  await file.close()
})

const makers: Array<[name: string, make: () => BlockDevice]> = [
  ['a loop device', () => makeLoop(SIZE)],
  ['a loop device with sectors of 4096 bytes', () => makeLoop(SIZE, 4096)],
  ['a zram device', () => makeZram(SIZE)],
]

for (const [name, make] of makers) {
  const device = deviceOrReason(make)
  if (typeof device === 'string') test(name, { skip: device }, () => {})
  else testDevice(name, device)
}

function testDevice(name: string, device: BlockDevice): void {
  const direct = constants.O_RDWR | constants.O_DIRECT
  const methods = ['discard', 'discard-ioctl']

  /** Opens the device, full of the pattern, on the disk and not only in the cache. */
  async function full(flags: number | string): Promise<UringFile> {
    const file = await client.open(device.path, flags)
    await file.write(patternBytes(SIZE), 0, SIZE, 0)
    await file.sync()
    return file
  }

  for (const [how, flags] of [
    ['direct', direct],
    ['buffered', 'r+'],
  ] as const) {
    test(`${name}, ${how}: a discard frees the space and zeroes the range`, async () => {
      const file = await full(flags)
      const used = device.usedBytes()
      assert.ok(used >= SIZE / 2, `${used} bytes in use`)
      const { method } = await file.trim(SIZE / 4, SIZE / 2)
      assert.ok(methods.includes(method), method)
      await file.sync()
      const freed = used - device.usedBytes()
      assert.ok(freed >= SIZE / 2 - 65536, `${freed} bytes were freed`)
      await assertHole(file, SIZE, SIZE / 4, (SIZE * 3) / 4)
      await file.close()
      // What another handle reads comes from the disk itself.
      const other = await client.open(device.path, direct)
      await assertHole(other, SIZE, SIZE / 4, (SIZE * 3) / 4)
      await other.close()
    })
  }

  test(`${name}: blocking, by blocks, and as a member of a chain`, async () => {
    const file = await full('r+')
    await file.close()
    const blocks = await client.open(device.path, 'r+', null, { blockSize: 65536 })
    assert.ok(methods.includes((await blocks.trimBlock(3)).method))
    assert.ok(methods.includes(blocks.trimSync(4 * 65536, 65536).method))
    const read = Buffer.alloc(65536, 1)
    const [trimmed, { bytesRead }] = (await client.chain((chain) =>
      chain.trim(blocks, 5 * 65536, 65536).read(blocks, read, 0, 65536, 5 * 65536),
    )) as [{ method: string }, { bytesRead: number }]
    assert.ok(methods.includes(trimmed.method), trimmed.method)
    assert.equal(bytesRead, 65536)
    assert.ok(read.every((byte) => byte === 0))
    assert.ok((await blocks.readBlock(4)).every((byte) => byte === 0))
    await assertHole(blocks, SIZE, 3 * 65536, 6 * 65536)
    await blocks.close()
  })

  test(`${name}: many discards at once`, async () => {
    const file = await full(direct)
    const trims = Array.from({ length: 64 }, (_, index) => file.trim(index * 65536, 65536))
    for (const { method } of await Promise.all(trims)) assert.ok(methods.includes(method), method)
    await assertHole(file, SIZE, 0, 64 * 65536)
    await file.close()
  })

  test(`${name}: a range that is misaligned, empty or outside is an error`, async () => {
    const file = await full('r+')
    const half = device.sectorSize / 2
    const bad: Array<[position: number, length: number]> = [
      [half, device.sectorSize],
      [0, half],
      [0, 0],
      [SIZE, device.sectorSize],
      [SIZE - device.sectorSize, 2 * device.sectorSize],
      [0, SIZE + device.sectorSize],
    ]
    for (const [position, length] of bad) {
      await assert.rejects(file.trim(position, length), { code: 'EINVAL', syscall: 'trim' })
    }
    await assertHole(file, SIZE, 0, 0)
    await file.close()
    const reader = await client.open(device.path, 'r')
    await assert.rejects(reader.trim(0, 65536), { code: 'EBADF' })
    await reader.close()
  })

  test(`${name}: the ends of a device, and what it cannot do`, async () => {
    const file = await full('r+')
    const stats = await file.stat()
    assert.ok(stats.isBlockDevice())
    assert.equal(stats.isFile(), false)
    assert.ok(stats.rdev > 0)
    assert.equal(file.directAlignment % device.sectorSize, 0)
    assert.equal(stats.directOffsetAlignment, device.sectorSize)
    const bytes = Buffer.alloc(8192)
    assert.equal((await file.read(bytes, 0, 8192, SIZE)).bytesRead, 0)
    assert.equal((await file.read(bytes, 0, 8192, SIZE - 4096)).bytesRead, 4096)
    assert.ok(bytes.subarray(0, 4096).equals(patternBytes(4096, SIZE - 4096)))
    await assert.rejects(file.write(bytes, 0, 8192, SIZE), { code: 'ENOSPC', bytesWritten: 0 })
    await assert.rejects(file.write(bytes, 0, 8192, SIZE - 4096), {
      code: 'ENOSPC',
      bytesWritten: 4096,
    })
    await assert.rejects(file.truncate(0), { code: 'EINVAL' })
    await file.close()
    const whole = await client.open(device.path, 'r')
    assert.equal((await whole.readFile()).length, SIZE)
    await whole.close()
  })
}
