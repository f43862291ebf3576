/**
 * The operations that a client may ask for. This is our own small enumeration: no kernel opcode
 * crosses shared memory, and the actor looks every value up in a table of its own.
 */

/** Does nothing, by way of the ring: the price of the path itself. */
export const OPERATION_NOP = 1
/** Reads `len` bytes at `off` into the arena at `addr`. */
export const OPERATION_READ = 2
/** Writes `len` bytes of the arena at `addr` to `off`. */
export const OPERATION_WRITE = 3
/** fsync, or fdatasync with SYNC_DATA in `rw_flags`. */
export const OPERATION_SYNC = 4
/** sync_file_range of `off`, for `addr` bytes; `rw_flags` are the call's flags. */
export const OPERATION_SYNC_RANGE = 5
/** fallocate of `off`, for `addr` bytes; `rw_flags` is the call's mode (0, or keep-size). */
export const OPERATION_ALLOCATE = 6
/** Punches a hole, or discards on a block device: `off`, for `addr` bytes. */
export const OPERATION_TRIM = 7
/** Sets the file's size to `off`. */
export const OPERATION_TRUNCATE = 8
/** Opens the path of `len` bytes at `addr`; flags in `rw_flags`, mode in `off`. */
export const OPERATION_OPEN = 9
/** Closes a handle when what is in flight on it has completed. */
export const OPERATION_CLOSE = 10
/** Writes the file's status (stat-record.ts) into the arena at `addr`. */
export const OPERATION_STAT = 11
/** fchmod to the mode in `off`. */
export const OPERATION_CHMOD = 12
/** fchown to the uid in the low and the gid in the high word of `off`. */
export const OPERATION_CHOWN = 13
/** futimes: two float64 of seconds since the epoch in the arena at `addr`: access, modification. */
export const OPERATION_UTIMES = 14
/** The last request of a client: completes when all of its files are closed. */
export const OPERATION_DETACH = 15
/** One above the highest operation. */
export const OPERATION_LIMIT = 16

/** The name of each operation: of the system call that node:fs would name in an error. */
export const OPERATION_NAMES: readonly string[] = [
  '',
  'nop',
  'read',
  'write',
  'fsync',
  'sync_file_range',
  'fallocate',
  'trim',
  'ftruncate',
  'open',
  'close',
  'fstat',
  'fchmod',
  'fchown',
  'futime',
  'detach',
]

/** Request flag: starts when all that the client posted before has completed, and holds the rest. */
export const REQUEST_DRAIN = 1
/** Request flag: linked to the request that follows, as IOSQE_IO_LINK. */
export const REQUEST_LINK = 2
/** Request flag of a write: completes after a fdatasync that began when all bytes were written. */
export const REQUEST_DURABLE = 4
/** Request flag: the caller takes a short read or write; the actor does not ask for the rest. */
export const REQUEST_PARTIAL = 8

/** `rw_flags` of OPERATION_SYNC: fdatasync instead of fsync. */
export const SYNC_DATA = 1

/** `rw_flags` of OPERATION_DETACH: nothing of the arena is in use, and nothing will be. */
export const DETACH_UNUSED = 1

/** How a trim was done; the `extra` word of its completion. */
export const TRIM_METHODS: readonly TrimMethod[] = ['hole', 'discard', 'discard-ioctl', 'zeroes']
export type TrimMethod = 'hole' | 'discard' | 'discard-ioctl' | 'zeroes'
export const TRIM_HOLE = 0
export const TRIM_DISCARD = 1
export const TRIM_DISCARD_IOCTL = 2
export const TRIM_ZEROES = 3

/** `res` of a completion: Node's permission model refuses. Below every errno; none of the kernel's. */
export const RES_ACCESS_DENIED = -4096
/** Its `extra` word, where a file could not be opened: what is forbidden. */
export const ACCESS_PERMISSIONS: readonly string[] = ['FileSystemRead', 'FileSystemWrite']
