// A block device whose discards fail: the error says so. And one that cannot discard: what is trimmed
// reads as zeroes all the same, because they are written, and the result says that.
import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { UringFile } from '@uring-actor/client'
import { type BlockDevice, makeLoopOver } from '../support/devices.ts'
import { type FaultyFilesystem, faultyFilesystem } from '../support/faulty-filesystem.ts'
import { madeOrReason } from '../support/removals.ts'
import { patternBytes } from '../support/temporary.ts'

const SIZE = 2 ** 20

for (const engine of ['io_uring', 'threadpool'] as const) {
  const what = `a device over a faulty filesystem, ${engine}`
  const filesystem = await faultyFilesystem()
  const device =
    typeof filesystem === 'string'
      ? filesystem
      : madeOrReason(() => {
          const image = filesystem.path('image')
          writeFileSync(image, '')
          truncateSync(image, SIZE)
          return makeLoopOver(image)
        })
  if (typeof device === 'string') test(what, { skip: device }, () => {})
  else describe(what, () => discards(engine, filesystem as FaultyFilesystem, device))
}

function discards(
  engine: 'io_uring' | 'threadpool',
  filesystem: FaultyFilesystem,
  device: BlockDevice,
): void {
  let actor: Actor
  let file: UringFile
  before(async () => {
    actor = await spawnActor({ engine })
    file = await actor.connect().open(device.path, 'r+')
    await file.write(patternBytes(SIZE), 0, SIZE, 0)
    await file.sync()
  })
  after(async () => {
    await file.close()
    await actor.close()
  })

  test('a discard that fails is an error', async () => {
    await filesystem.fail('fallocate', 'EIO')
    await assert.rejects(file.trim(65536, 131072), { code: 'EIO', syscall: 'trim' })
    await filesystem.mend('fallocate')
    assert.notEqual((await file.trim(0, 4096)).method, 'zeroes')
  })

  test('where there is none, zeroes are written', async () => {
    await filesystem.fail('fallocate', 'EOPNOTSUPP')
    // The ioctl takes the first refusal for a success (Linux 6.18); from then on the kernel knows.
    await file.trim(0, 4096)
    assert.deepEqual(await file.trim(65536, 131072), { method: 'zeroes' })
    assert.deepEqual(file.trimSync(65536 + 131072, 4096), { method: 'zeroes' })
    await filesystem.mend('fallocate')
    const expected = patternBytes(SIZE)
    expected.fill(0, 0, 4096)
    expected.fill(0, 65536, 65536 + 131072 + 4096)
    const found = Buffer.alloc(SIZE)
    await file.read(found, 0, SIZE, 0)
    assert.equal(Buffer.compare(found, expected), 0)
  })
}
