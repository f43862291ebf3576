import { ACCESS_PERMISSIONS, RES_ACCESS_DENIED } from '@uring-actor/client/protocol'

const EINVAL = -22
const EIO = -5

/** An error of node:fs as the kernel's result: 0 for none. */
export function errnoOf(error: NodeJS.ErrnoException | null | undefined): number {
  if (!error) return 0
  if (typeof error.errno === 'number' && error.errno < 0) return error.errno
  // The permission model has no errno; the arguments that node:fs refuses are the kernel's EINVAL.
  if (error.code === 'ERR_ACCESS_DENIED') return RES_ACCESS_DENIED
  return error.code?.startsWith('ERR_') === true ? EINVAL : EIO
}

/** What was not permitted, as the `extra` word of a completion with RES_ACCESS_DENIED. */
export function permissionOf(error: NodeJS.ErrnoException): number {
  const { permission = '' } = error as { permission?: string }
  return ACCESS_PERMISSIONS.indexOf(permission)
}
