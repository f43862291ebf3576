// Where the kernel lacks the ring's discard (before Linux 6.12), or all of the ring's commands, a trim of
// a block device goes by ioctl, with the same result.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client, UringFile } from '@uring-actor/client'
import { type BlockDevice, deviceOrReason, makeLoop, makeZram } from '../support/devices.ts'
import { patternBytes } from '../support/temporary.ts'

const IORING_OP_URING_CMD = 46
const SIZE = 4 * 2 ** 20

let actor: Actor
let client: Client

before(async () => {
  process.env.URING_ACTOR_MASK_OPCODES = String(IORING_OP_URING_CMD)
  actor = await spawnActor({ engine: 'io_uring' })
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
  delete process.env.URING_ACTOR_MASK_OPCODES
})

for (const [name, make] of [
  ['a loop device', () => makeLoop(SIZE)],
  ['a zram device', () => makeZram(SIZE)],
] as const) {
  const device = deviceOrReason(make)
  if (typeof device === 'string') test(name, { skip: device }, () => {})
  else discards(name, device)
}

async function full(device: BlockDevice): Promise<UringFile> {
  const file = await client.open(device.path, 'r+')
  await file.write(patternBytes(SIZE), 0, SIZE, 0)
  await file.sync()
  return file
}

async function assertHole(file: UringFile, from: number, to: number): Promise<void> {
  const expected = patternBytes(SIZE)
  expected.fill(0, from, to)
  const found = Buffer.alloc(SIZE)
  await file.read(found, 0, SIZE, 0)
  assert.equal(Buffer.compare(found, expected), 0)
}

function discards(name: string, device: BlockDevice): void {
  test(`${name}: the ioctl frees the space and zeroes the range`, async () => {
    const file = await full(device)
    const used = device.usedBytes()
    assert.deepEqual(await file.trim(0, SIZE / 4), { method: 'discard-ioctl' })
    assert.deepEqual(file.trimSync(SIZE / 4, SIZE / 4), { method: 'discard-ioctl' })
    const results = await client.chain((chain) =>
      chain.trim(file, SIZE / 2, 65536).trim(file, SIZE / 2 + 65536, 65536),
    )
    assert.deepEqual(results, [{ method: 'discard-ioctl' }, { method: 'discard-ioctl' }])
    await file.sync()
    assert.ok(used - device.usedBytes() >= SIZE / 2)
    await assertHole(file, 0, SIZE / 2 + 131072)
    await file.close()
  })

  test(`${name}: a range that cannot be is the same error as by the ring`, async () => {
    const file = await full(device)
    for (const [position, length] of [
      [1, 4096],
      [0, 4097],
      [0, 0],
      [SIZE, 4096],
    ] as const) {
      await assert.rejects(file.trim(position, length), { code: 'EINVAL', syscall: 'trim' })
    }
    await assertHole(file, 0, 0)
    await file.close()
  })
}
