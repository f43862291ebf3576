// Settlements as numbers. The kernel's errors are their errno; others are listed here.
const CODES: Readonly<Record<string, number>> = {
  ABORT_ERR: 1000,
  ERR_URING_TIMEOUT: 1001,
  ERR_URING_ACTOR_EXITED: 1002,
  ERR_URING_ACTOR_CLOSING: 1003,
  ERR_URING_CLIENT_CLOSED: 1004,
  ERR_URING_PROTOCOL: 1005,
  ERR_URING_ARENA_FULL: 1006,
  ERR_URING_ALIGNMENT: 1007,
  ERR_URING_LEASE_RELEASED: 1008,
  ERR_URING_BUFFER_CHANGED: 1009,
  ERR_URING_BUSY: 1010,
}

/** An error without a number of its own: a fault of the program, or of uring-actor. */
const UNKNOWN = 1998
/** Bytes beside those that were asked for have changed. */
export const CODE_TRAMPLED = 1999

export function codeOf(error: unknown): number {
  const { code, errno } = error as NodeJS.ErrnoException
  if (typeof errno === 'number') return -errno
  const known = CODES[code ?? '']
  if (known === undefined) console.error(error)
  return known ?? UNKNOWN
}
