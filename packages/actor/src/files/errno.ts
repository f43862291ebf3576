const EACCES = -13
const EINVAL = -22
const EIO = -5

/** An error of node:fs as the kernel's result: 0 for none. */
export function errnoOf(error: NodeJS.ErrnoException | null | undefined): number {
  if (!error) return 0
  if (typeof error.errno === 'number' && error.errno < 0) return error.errno
  // The permission model has no errno; the arguments that node:fs refuses are the kernel's EINVAL.
  if (error.code === 'ERR_ACCESS_DENIED') return EACCES
  return error.code?.startsWith('ERR_') === true ? EINVAL : EIO
}
