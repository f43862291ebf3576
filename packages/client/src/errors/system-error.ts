import os from 'node:os'
import { getSystemErrorMap } from 'node:util'
import { ACCESS_PERMISSIONS, RES_ACCESS_DENIED } from '../protocol/index.ts'

/** An error of the kernel in the shape of node:fs: `code`, negative `errno`, `syscall`, `path`. */
export interface SystemError extends Error {
  readonly code: string
  readonly errno: number
  readonly syscall: string
  readonly path?: string
  /** Bytes that a failed write had written before the error. */
  readonly bytesWritten?: number
}

/** The name of an error that libuv has none for, such as EDQUOT and ESTALE. */
function nameOf(result: number): string {
  const named = Object.entries(os.constants.errno).find(([, errno]) => errno === -result)
  return named?.[0] ?? `E${-result}`
}

/** The code of an error, `ENOENT` …, of a result below 0. */
export function errorCode(result: number): string {
  if (result === RES_ACCESS_DENIED) return 'ERR_ACCESS_DENIED'
  return getSystemErrorMap().get(result)?.[0] ?? nameOf(result)
}

/** The code that node:fs gives an error, or what else there is to call it by. */
export function codeOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}

/**
 * Turns `-errno` into the error that node:fs would give.
 *
 * @param result the kernel's result, negative
 * @param syscall name of the system call, as node:fs names it
 * @param path the file's path where the error should tell it
 */
export function systemError(result: number, syscall: string, path?: string): NodeJS.ErrnoException {
  if (result === RES_ACCESS_DENIED) return accessDenied(`${syscall} is restricted`, '', '')
  const [code, text] = getSystemErrorMap().get(result) ?? [nameOf(result), `error ${-result}`]
  const where = path === undefined ? '' : ` '${path}'`
  const error = new Error(`${code}: ${text}, ${syscall}${where}`)
  const fields =
    path === undefined ? { code, errno: result, syscall } : { code, errno: result, syscall, path }
  return Object.assign(error, fields) satisfies SystemError
}

/** What open() of node:fs gives where the permission model forbids it; `extra` of the completion. */
export function openDenied(extra: number, path: string): Error {
  const permission = ACCESS_PERMISSIONS[extra] ?? ''
  return accessDenied('Access to this API has been restricted', permission, path)
}

function accessDenied(message: string, permission: string, resource: string): Error {
  return Object.assign(new Error(message), { code: 'ERR_ACCESS_DENIED', permission, resource })
}
