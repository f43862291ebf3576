import { CALL_FILESYSTEM, type NativeBinding } from '@uring-actor/native'

/** `f_type` of statfs(2), its low 31 bits (linux/magic.h). */
export const FUSE_SUPER_MAGIC = 0x65735546

/**
 * Filesystems that keep what they know of an open file in memory: ext2 to ext4, xfs, btrfs, f2fs and
 * tmpfs. No server, daemon or other filesystem below is asked.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x1123683e, 0x72f52010, 0x01021994,
])

/**
 * Those of them whose buffered writes io_uring gives to a kernel worker, although they only go to the page
 * cache: ext2 to ext4, which do not know how to refuse to wait, and tmpfs.
 */
const WORKER_TYPES: ReadonlySet<number> = new Set([0xef53, 0x01021994])

/** Mounts that are kept in mind; a system with more of them is asked anew. */
const MOST_MOUNTS = 1024

export interface Filesystem {
  /**
   * FUSE, or virtiofs, which is the same: the ring must not read and write its regular files. The
   * kernel takes such a file for one that never waits, since it can be polled (Linux 6.18 and before).
   * So a read stands still in the submission until the filesystem's server answers, and all else with
   * it; and where the kernel caches nothing, what is short goes on at the same position: a read past
   * the end of a file brings its bytes again instead of the end, and a direct write puts the rest
   * where the beginning was.
   */
  readonly isFuse: boolean
  /** fstat(2) of its files does not wait for anything, so it can be called on the actor's thread. */
  readonly isLocal: boolean
  /** A buffered write goes to the page cache, and the ring has a kernel worker do it. */
  readonly writesByWorker: boolean
}

const UNKNOWN: Filesystem = { isFuse: false, isLocal: false, writesByWorker: false }

/**
 * The filesystems that files lie on. Asking for one may wait for a server, so libuv's pool does; what
 * it was is kept by the number of the mount, which is never another's (Linux 6.8).
 */
export class Filesystems {
  readonly #binding: NativeBinding | null
  readonly #byMount = new Map<number, Filesystem>()

  constructor(binding: NativeBinding | null) {
    this.#binding = binding
  }

  /** Calls back now where it is known, or cannot be asked. */
  of(fd: number, done: (filesystem: Filesystem) => void): void {
    const binding = this.#binding
    if (binding === null) {
      done(UNKNOWN)
      return
    }
    const mount = binding.mountId(fd)
    const known = mount > 0 ? this.#byMount.get(mount) : undefined
    if (known !== undefined) {
      done(known)
      return
    }
    binding.fileCall(CALL_FILESYSTEM, fd, 0, 0n, 0n, (type) => {
      const isFuse = type === FUSE_SUPER_MAGIC
      const isLocal = LOCAL_TYPES.has(type)
      const found = { isFuse, isLocal, writesByWorker: WORKER_TYPES.has(type) }
      if (mount > 0 && type >= 0) this.#keep(mount, found)
      done(found)
    })
  }

  #keep(mount: number, filesystem: Filesystem): void {
    if (this.#byMount.size === MOST_MOUNTS) this.#byMount.clear()
    this.#byMount.set(mount, filesystem)
  }
}
