// What filesystem a file lies on is asked once for each mount, where the kernel tells mounts apart.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NativeBinding } from '@uring-actor/native'
import { type Filesystem, Filesystems } from '#dist/files/filesystem.js'

const EXT4 = 0xef53
const FUSE = 0x65735546
const NFS = 0x6969
const XFS = 0x58465342
const EIO = -5

/** A kernel where descriptor N lies on mount N, if it tells, with a filesystem of its own. */
class World {
  asked = 0
  readonly filesystems: Filesystems

  constructor(types: readonly number[], tellsMounts: boolean = true) {
    const binding = {
      mountId: (fd: number) => (tellsMounts ? fd + 2 ** 31 : 0),
      fileCall: (...given: unknown[]) => {
        this.asked++
        const [fd, callback] = [given[1] as number, given[5] as (result: number) => void]
        callback(types[fd % types.length]!)
      },
    }
    this.filesystems = new Filesystems(binding as unknown as NativeBinding)
  }

  of(fd: number): Filesystem {
    let found: Filesystem | null = null
    this.filesystems.of(fd, (filesystem) => {
      found = filesystem
    })
    return found as unknown as Filesystem
  }
}

describe('a filesystem', () => {
  test('is local, or FUSE, or neither', () => {
    const world = new World([EXT4, FUSE, NFS, EIO, XFS])
    assert.deepEqual(world.of(0), { isFuse: false, isLocal: true, writesByWorker: true })
    assert.deepEqual(world.of(1), { isFuse: true, isLocal: false, writesByWorker: false })
    assert.deepEqual(world.of(2), { isFuse: false, isLocal: false, writesByWorker: false })
    assert.deepEqual(world.of(4), { isFuse: false, isLocal: true, writesByWorker: false })
    assert.deepEqual(world.of(3), { isFuse: false, isLocal: false, writesByWorker: false })
  })

  test('is asked for once for each mount', () => {
    const world = new World([EXT4, FUSE])
    for (let round = 0; round < 3; round++) {
      assert.equal(world.of(0).isLocal, true)
      assert.equal(world.of(1).isFuse, true)
    }
    assert.equal(world.asked, 2)
  })

  test('is asked for again when that failed', () => {
    const world = new World([EIO])
    world.of(0)
    world.of(0)
    assert.equal(world.asked, 2)
  })

  test('is asked for each time where the kernel does not tell mounts apart', () => {
    const world = new World([EXT4], false)
    for (let round = 0; round < 3; round++) assert.equal(world.of(0).isLocal, true)
    assert.equal(world.asked, 3)
  })

  test('is forgotten when there are more mounts than are kept in mind', () => {
    const world = new World([EXT4])
    for (let mount = 0; mount < 1025; mount++) world.of(mount)
    world.of(1024)
    assert.equal(world.asked, 1025)
    world.of(0)
    assert.equal(world.asked, 1026)
  })

  test('is not known without the addon', () => {
    let found: Filesystem | null = null
    new Filesystems(null).of(0, (filesystem) => {
      found = filesystem
    })
    assert.deepEqual(found, { isFuse: false, isLocal: false, writesByWorker: false })
  })
})
