// The filesystem of a path, from the text in which the kernel lists the mounts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesystemType, typeIn } from '#dist/doctor/mounts.js'

const MOUNTS = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
28 27 0:25 / /data ro,nosuid - tmpfs none ro,size=4k
29 28 0:26 / /data/my\\040disk rw master:2 propagate_from:1 - fuse.sshfs host:/x rw
30 27 7:1 / /over rw - xfs /dev/loop1 rw
31 27 7:2 / /over rw - btrfs /dev/loop2 rw
`

for (const [path, type] of [
  ['/', 'ext4'],
  ['/home/a', 'ext4'],
  ['/proc/self/status', 'proc'],
  ['/data', 'tmpfs'],
  ['/database', 'ext4'],
  ['/data/my disk', 'fuse.sshfs'],
  ['/data/my disk/b', 'fuse.sshfs'],
  ['/over/c', 'btrfs'],
] as const) {
  test(`${path} is on ${type}`, () => {
    assert.equal(typeIn(MOUNTS, path), type)
  })
}

test('without mounts nothing is known', () => {
  assert.equal(typeIn('', '/'), null)
})

test('the kernel tells of its own', () => {
  assert.equal(filesystemType('/proc/self'), 'proc')
})
