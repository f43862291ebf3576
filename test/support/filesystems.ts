// Filesystems for tests, mounted here and unmounted when the test's process ends, however it ends.
// Makers throw where they cannot: give them to `madeOrReason`.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type BlockDevice, makeLoop, makeZram } from './devices.ts'
import { atEnd } from './removals.ts'
import { temporaryDirectory } from './temporary.ts'

function run(command: string, ...given: string[]): string {
  return execFileSync(command, given, { encoding: 'utf8', stdio: 'pipe' })
}

export interface Mounted {
  readonly directory: string
}

/** Mounts on a directory of its own. */
function mount(type: string, source: string, options: string): Mounted {
  const directory = temporaryDirectory()
  run('mount', '-t', type, '-o', options, source, directory)
  // Lazily: a file that a failed test has left open must not keep it.
  atEnd(() => run('umount', '-l', directory))
  return { directory }
}

/** A filesystem in memory with room for so many bytes. */
export function mountTmpfs(size: number): Mounted {
  return mount('tmpfs', 'none', `size=${size}`)
}

export interface Ext4 extends Mounted {
  /** Lets every allocation of memory for the device fail from now on: a write of new data is EIO. */
  failWrites(): void
  /** The filesystem finds itself broken and goes read-only, as after an error of its disk. */
  goReadOnly(): void
}

/** ext4 on a disk in memory; an error makes it read-only. */
export function mountExt4(size: number): Ext4 {
  const device = makeZram(size)
  const { directory } = mountExt4On(device)
  const name = path.basename(device.path)
  return {
    directory,
    failWrites: () => {
      const used = readFileSync(`/sys/block/${name}/mm_stat`, 'utf8').trim().split(/\s+/)[2]!
      // One byte less than is in use: no page can be had any more.
      writeFileSync(`/sys/block/${name}/mem_limit`, String(Number(used) - 1))
    },
    goReadOnly: () => writeFileSync(`/sys/fs/ext4/${name}/trigger_fs_error`, '1'),
  }
}

export function mountExt4On(device: BlockDevice): Mounted {
  run('mkfs.ext4', '-qF', device.path)
  return mount('ext4', device.path, 'errors=remount-ro')
}

/** btrfs whose subvolume `directory` may hold so many bytes and no more. */
export function mountQuota(bytes: number): Mounted {
  const device = makeLoop(256 * 2 ** 20)
  run('mkfs.btrfs', '-qf', device.path)
  const { directory: root } = mount('btrfs', device.path, 'defaults')
  const volume = path.join(root, 'volume')
  run('btrfs', 'quota', 'enable', root)
  run('btrfs', 'subvolume', 'create', volume)
  run('btrfs', 'qgroup', 'limit', String(bytes), volume)
  return { directory: volume }
}

/** Makes a file immutable (chattr +i), or mutable again. */
export function setImmutable(file: string, immutable: boolean): void {
  run('chattr', immutable ? '+i' : '-i', file)
  if (immutable) atEnd(() => run('chattr', '-f', '-i', file))
}
