// A sync that fails, from the disk to every caller: all who waited for it get its error, and the file
// stays failed until it is opened anew, though the kernel would call the next sync a success.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Client } from '@uring-actor/client'
import { makeLoopOver } from '../support/devices.ts'
import { type FaultyFilesystem, faultyFilesystem } from '../support/faulty-filesystem.ts'
import { type Mounted, mountExt4On } from '../support/filesystems.ts'
import { codeOf, within } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { madeOrReason } from '../support/removals.ts'
import { onEachEngine } from './situations.ts'

const DISK_BYTES = 32 * 2 ** 20
const PAGE = 4096
const WAITERS = 60

const faulty = await faultyFilesystem()
const disk = typeof faulty === 'string' ? faulty : await faultyFilesystem()
if (typeof faulty === 'string') test('syncs that fail', { skip: faulty }, () => {})
else onEachEngine('syncs that fail', (client) => groupCommits(faulty, client))

if (typeof disk === 'string') test('a disk whose write fails once', { skip: disk }, () => {})
else {
  const mounted = madeOrReason(() => {
    fs.writeFileSync(disk.path('image'), '')
    fs.truncateSync(disk.path('image'), DISK_BYTES)
    return mountExt4On(makeLoopOver(disk.path('image')))
  })
  if (typeof mounted === 'string')
    test('a disk whose write fails once', { skip: mounted }, () => {})
  else {
    onEachEngine('a disk whose write fails once', (client) => diskFailures(disk, mounted, client))
  }
}

function groupCommits(filesystem: FaultyFilesystem, client: () => Client): void {
  const fresh = (): string => {
    const at = filesystem.path('file')
    fs.rmSync(at, { force: true })
    fs.writeFileSync(at, Buffer.alloc(WAITERS * PAGE))
    return at
  }

  test('every joined waiter gets the error of the sync that it waited for', async () => {
    const file = await client().open(fresh(), 'r+')
    const other = await client().open(file.path, 'r+')
    await filesystem.fail('fsync', { hold: true, error: -5 })
    const before = await filesystem.calls('fsync')
    const first = codeOf(() => file.datasync())
    assert.ok(await eventually(async () => (await filesystem.held()) === 1))
    // They all wait for the one after it.
    const bytes = Buffer.alloc(PAGE, 'd')
    const joined = Array.from({ length: WAITERS }, (_, index) => {
      if (index % 3 === 0) return codeOf(() => file.sync())
      if (index % 3 === 1) return codeOf(() => file.datasync())
      return codeOf(() => file.writeDurable(bytes, 0, PAGE, index * PAGE))
    })
    await client().nop()
    await filesystem.mend('fsync')
    await filesystem.release()
    const codes = await within(10_000, 'the waiters', Promise.all([first, ...joined]))
    assert.deepEqual(codes, new Array(WAITERS + 1).fill('EIO'))

    const asked = await filesystem.calls('fsync')
    assert.ok(asked - before === 1, `${asked - before} syncs for ${WAITERS + 1} waiters`)
    assert.equal(await codeOf(() => file.sync()), 'EIO')
    assert.equal(await codeOf(() => file.syncSync()), 'EIO')
    assert.equal(await codeOf(() => file.datasyncSync()), 'EIO')
    assert.equal(await codeOf(() => file.writeDurable(bytes, 0, PAGE, 0)), 'EIO')
    assert.equal(await codeOf(() => file.writeDurableSync(bytes, 0, PAGE, 0)), 'EIO')
    await assert.rejects(
      client().chain((chain) => chain.write(file, bytes, 0, PAGE, 0).sync(file)),
      { code: 'EIO', syscall: 'fsync', failedIndex: 1 },
    )
    assert.equal(await filesystem.calls('fsync'), asked, 'the kernel was asked again')

    // What was written is there to read; nothing else has failed.
    assert.equal((await file.write(bytes, 0, PAGE, 0)).bytesWritten, PAGE)
    assert.equal((await file.read(Buffer.alloc(PAGE), 0, PAGE, 0)).bytesRead, PAGE)
    await other.sync()
    await other.close()
    await file.close()
    const again = await client().open(file.path, 'r+')
    await again.sync()
    await again.writeDurable(bytes, 0, PAGE, 0)
    await again.close()
  })

  test('a durable write tells that its bytes were written, and are not durable', async () => {
    const file = await client().open(fresh(), 'r+')
    await filesystem.fail('fsync', 'ENOSPC')
    const failed = await file.writeDurable(Buffer.alloc(PAGE, 'd'), 0, PAGE, 0).then(
      () => null,
      (error: NodeJS.ErrnoException & { bytesWritten: number }) => error,
    )
    await filesystem.mend('fsync')
    assert.equal(failed?.code, 'ENOSPC')
    assert.equal(failed.bytesWritten, PAGE)
    assert.equal(await codeOf(() => file.datasync()), 'ENOSPC')
    await file.close()
  })

  test('a blocking sync that fails fails for those who wait beside it', async () => {
    const file = await client().open(fresh(), 'r+')
    await filesystem.fail('fsync', 'EIO')
    const waiting = [codeOf(() => file.datasync()), codeOf(() => file.sync())]
    assert.equal(await codeOf(() => file.syncSync()), 'EIO')
    assert.deepEqual(await Promise.all(waiting), ['EIO', 'EIO'])
    await filesystem.mend('fsync')
    assert.equal(await codeOf(() => file.sync()), 'EIO')
    await file.close()
  })
}

/** The disk is a file of a faulty filesystem, and on it is ext4, as on any other. */
function diskFailures(faultyDisk: FaultyFilesystem, mounted: Mounted, client: () => Client): void {
  /** A file whose pages are on the disk: writing them again needs the disk, and no journal. */
  const written = (name: string): string => {
    const at = path.join(mounted.directory, name)
    const fd = fs.openSync(at, 'w')
    fs.writeSync(fd, Buffer.alloc(WAITERS * PAGE, 'old'))
    fs.fsyncSync(fd)
    fs.closeSync(fd)
    return at
  }

  test('the control: the kernel calls the next sync a success', () => {
    const at = written('control')
    return failOnce(faultyDisk, async () => {
      const fd = fs.openSync(at, 'r+')
      fs.writeSync(fd, Buffer.alloc(PAGE, 'new'), 0, PAGE, 0)
      assert.equal(await codeOf(() => fs.fdatasyncSync(fd)), 'EIO')
      await faultyDisk.mend('write')
      fs.fdatasyncSync(fd)
      fs.closeSync(fd)
    })
  })

  test('with us it is none, for nobody who has the file open then', async () => {
    const at = written('file')
    const file = await client().open(at, 'r+')
    await failOnce(faultyDisk, async () => {
      const bytes = Buffer.alloc(PAGE, 'new')
      const all = Array.from({ length: WAITERS }, (_, index) =>
        codeOf(() => file.writeDurable(bytes, 0, PAGE, index * PAGE)),
      )
      const codes = await within(20_000, 'the writers', Promise.all(all))
      const failed = codes.filter((code) => code !== null)
      assert.ok(failed.length > 0)
      assert.ok(failed.every((code) => code === 'EIO'))
    })
    assert.equal(await codeOf(() => file.datasync()), 'EIO')
    assert.equal(await codeOf(() => file.sync()), 'EIO')
    await file.close()
    const again = await client().open(at, 'r+')
    await again.writeDurable(Buffer.alloc(PAGE, 'new'), 0, PAGE, 0)
    await again.sync()
    await again.close()
  })

  // The kernel tells an open file of a failed write once, so that of two syncs which run beside each
  // other only one would hear of it.
  test('nor is it for whoever syncs beside the one that fails', async () => {
    const at = written('beside')
    const file = await client().open(at, 'r+')
    const bytes = Buffer.alloc(PAGE, 'new')
    const ways: Array<(position: number) => Promise<unknown>> = [
      (position) => file.writeDurable(bytes, 0, PAGE, position),
      (position) =>
        client().chain((chain) => chain.write(file, bytes, 0, PAGE, position).datasync(file)),
      (position) =>
        client().chain((chain) => chain.write(file, bytes, 0, PAGE, position).sync(file).nop()),
      async (position) => {
        await file.write(bytes, 0, PAGE, position)
        await file.syncRange(position, PAGE)
        await file.datasync()
      },
    ]
    await failOnce(faultyDisk, async () => {
      const all = Array.from({ length: WAITERS }, (_, index) =>
        codeOf(() => ways[index % ways.length]!(index * PAGE)),
      )
      const codes = await within(20_000, 'the writers', Promise.all(all))
      assert.deepEqual(codes, new Array(WAITERS).fill('EIO'))
    })
    assert.equal(await codeOf(() => file.syncRange(0, PAGE)), 'EIO')
    await file.close()
  })
}

/** Lets writes to the disk fail while something runs. */
async function failOnce(disk: FaultyFilesystem, action: () => Promise<void>): Promise<void> {
  await disk.fail('write', 'EIO')
  try {
    await action()
  } finally {
    await disk.mend('write')
  }
}
