import { CALL_FILESYSTEM, type NativeBinding } from '@uring-actor/native'

/** `f_type` of statfs(2). */
export const FUSE_SUPER_MAGIC = 0x65735546

/**
 * Tells whether the ring must not read and write a regular file: because it lies on FUSE, or on
 * virtiofs, which is the same. The kernel takes such a file for one that never waits, since it can be
 * polled (Linux 6.18 and before). So a read stands still in the submission until the filesystem's
 * server answers, and all else with it; and where the kernel caches nothing, what is short goes on at
 * the same position: a read past the end of a file brings its bytes again instead of the end, and a
 * direct write puts the rest where the beginning was.
 */
export function isNotForTheRing(
  binding: NativeBinding | null,
  fd: number,
  done: (isNot: boolean) => void,
): void {
  if (binding === null) done(false)
  else binding.fileCall(CALL_FILESYSTEM, fd, 0, 0n, 0n, (type) => done(type === FUSE_SUPER_MAGIC))
}
