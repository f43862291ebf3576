// What an operation of the history is, and how it was asked for.

export const READ = 1
export const WRITE = 2
export const TRIM = 3
export const SYNC = 4
export const DATASYNC = 5
export const SYNC_RANGE = 6
export const ALLOCATE = 7
/** `position` is the size. */
export const TRUNCATE = 8
export const STAT = 9
export const OPEN = 10
export const CLOSE = 11
export const NOP = 12
/** Settled when all that the client invoked before it has settled. */
export const FLUSH = 13

// Calls that must fail, each with one error of the kernel.
export const OPEN_MISSING = 14
export const OPEN_EXISTING = 15
export const READ_CLOSED = 16
export const WRITE_TO_READER = 17
export const READ_FROM_WRITER = 18
export const TRIM_NOTHING = 19

// How: bits of `form`.
export const FORM_SYNC = 1
export const FORM_LEASE = 2
export const FORM_VECTOR = 4
export const FORM_MANY = 8
export const FORM_DRAIN = 16
export const FORM_CHAIN = 32
export const FORM_DURABLE = 64
/** It may be aborted or time out: the operation may settle with that error. */
export const FORM_ABORT = 128
/** It may be refused for want of room, and then does nothing. */
export const FORM_NO_WAIT = 256
