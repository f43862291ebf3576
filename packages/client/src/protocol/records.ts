/**
 * The two records of a channel, 64 bytes each, as indices of 32-bit words (and of float64 where
 * the name says so). The request has the kernel's SQE's size and its field names; the completion
 * has the fields of the CQE, and times.
 *
 *   request     0        4        8                16               24       28
 *              |op|flags|fd      |off              |addr            |len     |rw_flags|
 *              32                40       44       48               56
 *              |user_data       |reserved|fd gen  |posted (float64) |reserved        |
 *
 *   completion  0                 8        12       16       20       24
 *              |user_data        |res     |flags   |extra   |reserved|reserved        |
 *              32                40                48               56
 *              |taken (float64)  |submitted        |completed       |actor busy      |
 *
 * `addr` is an offset in the client's own arena, `fd` a handle slot of ours whose generation stands
 * in `fd gen`: no pointer, raw descriptor or kernel opcode crosses shared memory. Operations
 * without memory (trim, allocate, sync range) carry a length in bytes in `addr`, as the kernel's
 * fallocate does. Times are microseconds of CLOCK_MONOTONIC, one clock for all threads.
 */
export const REQUEST_WORDS = 16
export const REQUEST_OPERATION = 0
export const REQUEST_FD = 1
export const REQUEST_OFF_LOW = 2
export const REQUEST_OFF_HIGH = 3
export const REQUEST_ADDR_LOW = 4
export const REQUEST_ADDR_HIGH = 5
export const REQUEST_LEN = 6
export const REQUEST_RW_FLAGS = 7
export const REQUEST_USER_LOW = 8
export const REQUEST_USER_HIGH = 9
export const REQUEST_FD_GENERATION = 11
/** float64 index within a record (a record is eight float64 long). */
export const REQUEST_POSTED_F64 = 6

/** The operation word: operation in bits 0-7, request flags in bits 8-15. */
export const REQUEST_FLAGS_SHIFT = 8

export const COMPLETION_WORDS = 16
export const COMPLETION_USER_LOW = 0
export const COMPLETION_USER_HIGH = 1
export const COMPLETION_RES = 2
export const COMPLETION_FLAGS = 3
/** Generation of an opened handle, bytes done before an error, or the way a trim went. */
export const COMPLETION_EXTRA = 4
export const COMPLETION_TAKEN_F64 = 4
export const COMPLETION_SUBMITTED_F64 = 5
export const COMPLETION_COMPLETED_F64 = 6
export const COMPLETION_BUSY_F64 = 7

/** Completion flag: the request itself was refused by the actor (res tells why). */
export const COMPLETION_REFUSED = 1
/** Completion flag: cancelled because an earlier member of its chain failed. */
export const COMPLETION_CHAIN_BROKEN = 2
/** Completion flag: cancelled because the client asked for it; `extra` is the bytes done before. */
export const COMPLETION_CANCELLED = 4
/** Completion flag, with COMPLETION_CANCELLED: nothing of the request had been begun. */
export const COMPLETION_NOT_STARTED = 8

/** Longest single read or write in bytes: the kernel's MAX_RW_COUNT on 4 KiB pages. */
export const MAX_TRANSFER_BYTES = 0x7ffff000

/** What the actor writes at the start of an OPEN request's memory, as float64. */
export const OPEN_RESULT_KIND = 0
export const OPEN_RESULT_MEMORY_ALIGNMENT = 1
export const OPEN_RESULT_OFFSET_ALIGNMENT = 2
/** 1: the client may read what is in the page cache itself (cached-reads.ts). */
export const OPEN_RESULT_OFFERED = 3
export const OPEN_RESULT_BYTES = 32
export const FILE_KIND_REGULAR = 0
export const FILE_KIND_BLOCK_DEVICE = 1
export const FILE_KIND_OTHER = 2

/** What the actor writes for a STAT request, as bigint64, in this order; times in nanoseconds. */
export const STAT_FIELDS = [
  'dev',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'blksize',
  'ino',
  'size',
  'blocks',
  'atimeNs',
  'mtimeNs',
  'ctimeNs',
  'birthtimeNs',
  'directMemoryAlignment',
  'directOffsetAlignment',
] as const
export const STAT_BYTES: number = STAT_FIELDS.length * 8
