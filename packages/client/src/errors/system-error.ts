import { getSystemErrorMap } from 'node:util'

/** An error of the kernel in the shape of node:fs: `code`, negative `errno`, `syscall`, `path`. */
export interface SystemError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string
  readonly path?: string
  /** Bytes that a failed write had written before the error. */
  readonly bytesWritten?: number
}

/**
 * Turns `-errno` into the error that node:fs would give.
 *
 * @param result the kernel's result, negative
 * @param syscall name of the system call, as node:fs names it
 * @param path the file's path where the error should tell it
 */
export function systemError(result: number, syscall: string, path?: string): SystemError {
  const known = getSystemErrorMap().get(result)
  const code = known === undefined ? `E${-result}` : known[0]
  const text = known === undefined ? 'unknown error' : known[1]
  const where = path === undefined ? '' : ` '${path}'`
  const error = new Error(`${code}: ${text}, ${syscall}${where}`)
  const fields =
    path === undefined ? { code, errno: result, syscall } : { code, errno: result, syscall, path }
  return Object.assign(error, fields)
}
