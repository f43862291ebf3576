import { invalidType } from '../errors/index.ts'
import { REQUEST_DRAIN, REQUEST_PARTIAL, type TrimMethod } from '../protocol/index.ts'

/** Options that every operation takes. */
export interface OperationOptions {
  /** Start when all that this client posted before has completed, and hold back what follows. */
  drain?: boolean
}

export interface ReadOptions extends OperationOptions {
  /** First byte of the buffer to fill. Default 0. */
  offset?: number
  /** Bytes to read. Default: to the end of the buffer. */
  length?: number
  /** Byte of the file to begin at; null, the default, for the file's own position. */
  position?: number | bigint | null
  /** Take what one system call gives, even when that is short of both length and end of file. */
  partial?: boolean
}

export interface WriteOptions extends OperationOptions {
  /** First byte of the buffer to write. Default 0. */
  offset?: number
  /** Bytes to write. Default: to the end of the buffer. */
  length?: number
  /** Byte of the file to begin at; null, the default, for the file's own position. */
  position?: number | bigint | null
}

export interface TrimResult {
  /** How it was done: a hole in a file, the device's discard, or zeroes written. */
  method: TrimMethod
}

/** The request flags that an options object asks for. */
export function operationFlags(options: OperationOptions | undefined | null): number {
  if (options === undefined || options === null) return 0
  if (typeof options !== 'object') throw invalidType('options', 'of type object', options)
  return options.drain ? REQUEST_DRAIN : 0
}

export function readFlags(options: ReadOptions): number {
  return operationFlags(options) | (options.partial ? REQUEST_PARTIAL : 0)
}
