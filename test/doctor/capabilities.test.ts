// capabilities() tells the truth: what it says is held against the kernel's own files and against
// what an actor then does. It works on any thread, changes nothing and leaves nothing open.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Actor, type Capabilities, capabilities, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { type BlockDevice, deviceOrReason, makeLoop, makeZram } from '../support/devices.ts'
import { type FaultyFilesystem, faultyFilesystem } from '../support/faulty-filesystem.ts'
import { codeOf } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { openDescriptors, threadCount } from '../support/process-state.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { runTask } from '../support/thread.ts'

let alone: Capabilities
let actor: Actor
let client: Client

before(async () => {
  alone = await capabilities()
  actor = await spawnActor()
  client = actor.connect()
})
after(async () => {
  await client.close()
  await actor.close()
})

test('the engine that it names is the one that an actor takes', async () => {
  assert.equal(alone.engine, actor.engine)
  assert.equal(alone.reason, (await actor.stats()).reason)
  assert.equal(alone.ioUring.usable, alone.engine === 'io_uring')
  assert.equal(alone.ioUring.opcodes === null, !alone.ioUring.usable)
  assert.equal(alone.ioUring.features === null, !alone.ioUring.usable)
  if (alone.ioUring.usable) assert.equal(alone.remedy, '')
})

test('what is cached is read by whom it says', async () => {
  const file = await client.open(temporaryFile(4096))
  for (let reads = 0; reads < 3; reads++) await file.read(Buffer.alloc(4096), 0, 4096, 0)
  await file.close()
  const { cachedReads } = await client.stats()
  assert.equal(cachedReads > 0, alone.cachedReads)
})

test('system and limits are what the kernel says', () => {
  assert.equal(alone.kernel, os.release())
  assert.equal(alone.arch, process.arch)
  assert.equal(alone.platform, process.platform)
  assert.equal(alone.node, process.versions.node)
  assert.equal(alone.path, null)
  const descriptors = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  assert.equal(String(alone.limits.openFiles), descriptors)
  const { lockedMemory } = alone.limits
  if (lockedMemory !== 'unlimited') {
    const kibibytes = execFileSync('bash', ['-c', 'ulimit -l'], { encoding: 'utf8' }).trim()
    assert.equal(lockedMemory, Number(kibibytes) * 1024)
  }
})

test('whether memory can be restricted is what the actor then does', async () => {
  if (alone.ioUring.features === null) return
  assert.equal(alone.ioUring.features.onlyRegisteredMemory, (await actor.stats()).restricted)
})

test('beside an actor, in another thread, and again, it says the same', async () => {
  const directory = temporaryDirectory()
  const here = await capabilities(directory)
  assert.deepEqual({ ...here, path: null }, alone)
  assert.deepEqual(await runTask(new URL('./tasks.js', import.meta.url), 'look', directory), here)
  const many = await Promise.all(Array.from({ length: 20 }, () => capabilities(directory)))
  for (const each of many) assert.deepEqual(each, here)
})

test('it is plain values, the same as JSON', async () => {
  const found = await capabilities(temporaryFile(1))
  assert.deepEqual(JSON.parse(JSON.stringify(found)), found)
})

test('it leaves no descriptor and no thread', async () => {
  const file = temporaryFile(100)
  await capabilities(file)
  const descriptors = openDescriptors()
  const threads = threadCount()
  for (let round = 0; round < 50; round++) await capabilities(file)
  await codeOf(() => capabilities(`${file}/nothing`))
  assert.equal(openDescriptors(), descriptors)
  assert.equal(threadCount(), threads)
})

test('it changes neither the file nor the directory', async () => {
  const file = temporaryFile(10_000)
  const look = () =>
    [file, path.dirname(file)].map((at) => {
      const { mtimeNs, ctimeNs, size, blocks } = statSync(at, { bigint: true })
      return { mtimeNs, ctimeNs, size, blocks }
    })
  const bytes = readFileSync(file)
  const was = look()
  await capabilities(file)
  await capabilities(path.dirname(file))
  assert.deepEqual(look(), was)
  assert.deepEqual(readdirSync(path.dirname(file)), ['data'])
  assert.ok(readFileSync(file).equals(bytes))
})

test('of a file, a directory, a link and a URL: its filesystem, alignment and trim', async () => {
  const file = temporaryFile(8192)
  const link = path.join(temporaryDirectory(), 'link')
  symlinkSync(file, link)
  const opened = await client.open(file, 'r+')
  const stats = await opened.stat()
  const { method } = await opened.trim(0, 4096)
  await opened.close()
  const type = execFileSync('stat', ['-f', '-c', '%T', file], { encoding: 'utf8' }).trim()
  for (const given of [file, link, pathToFileURL(file), path.dirname(file)]) {
    const found = (await capabilities(given)).path!
    assert.equal(found.path, given === path.dirname(file) ? given : file)
    assert.equal(found.kind, given === path.dirname(file) ? 'directory' : 'file')
    // stat(1) says 'ext2/ext3' for ext4, mountinfo is exact.
    assert.equal(found.filesystem?.slice(0, 3), type.slice(0, 3))
    assert.equal(found.engine, actor.engine)
    assert.equal(found.refused, null)
    assert.equal(found.trim, method)
    if (found.directIo === 'none') continue
    assert.deepEqual(found.directIo, {
      memory: stats.directMemoryAlignment,
      offset: stats.directOffsetAlignment,
    })
  }
})

test('a path that is not there, or is none, is an error', async () => {
  const missing = path.join(temporaryDirectory(), 'missing')
  await assert.rejects(capabilities(missing), { code: 'ENOENT', path: missing })
  await assert.rejects(capabilities(`${temporaryFile(1)}/below`), { code: 'ENOTDIR' })
  await assert.rejects(capabilities(5 as never), { code: 'ERR_INVALID_ARG_TYPE' })
  await assert.rejects(capabilities('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' })
})

test('pipes and character devices are not opened', async () => {
  const pipe = new SlowPipe()
  for (const at of [pipe.path, '/dev/null']) {
    const { path: found } = await capabilities(at)
    assert.equal(found?.kind, 'other')
    assert.equal(found.trim, null)
    assert.equal(found.directIo, null)
  }
  pipe.close()
})

test('a filesystem that cannot make files is said to refuse, and nothing is guessed', async () => {
  const { path: found } = await capabilities('/proc/self/status')
  assert.equal(found?.filesystem, 'proc')
  assert.equal(found.trim, null)
  assert.ok(found.refused !== null)
})

const fuse = await faultyFilesystem()
const noFuse = typeof fuse === 'string' ? fuse : false

test('a filesystem that is not one for the ring', { skip: noFuse }, async () => {
  const { directory } = fuse as FaultyFilesystem
  const file = path.join(directory, 'file')
  writeFileSync(file, 'bytes')
  for (const at of [file, directory]) {
    const { path: found, engine } = await capabilities(at)
    assert.equal(engine, actor.engine)
    assert.match(found?.filesystem ?? '', /^fuse/)
    assert.equal(found?.engine, 'threadpool')
  }
  const opened = await client.open(file, 'r')
  const { submitted } = await actor.stats()
  await opened.read(Buffer.alloc(5), 0, 5, 0)
  if (actor.engine === 'io_uring') {
    assert.equal((await actor.stats()).submitted, submitted, 'it did not go through the ring')
  }
  await opened.close()
})

for (const [name, make] of [
  ['a loop device', () => makeLoop(2 ** 20, 4096)],
  ['a zram device', () => makeZram(2 ** 20)],
] as Array<[string, () => BlockDevice]>) {
  const device = deviceOrReason(make)
  const skip = typeof device === 'string' ? device : false
  test(`${name}: sector, discard and the method of trim`, { skip }, async () => {
    const { path: at, sectorSize } = device as BlockDevice
    const { path: found } = await capabilities(at)
    assert.equal(found?.kind, 'block device')
    assert.equal(found.filesystem, null)
    assert.equal(found.refused, null)
    assert.equal(found.device?.logicalBlock, sectorSize)
    assert.ok(found.device.discardMax > 0)
    const file = await client.open(at, 'r+')
    assert.deepEqual(found.directIo, {
      memory: (await file.stat()).directMemoryAlignment,
      offset: sectorSize,
    })
    assert.equal(found.trim, (await file.trim(0, 65536)).method)
    await file.close()
  })
}
