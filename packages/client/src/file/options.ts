import { invalidType, invalidValue } from '../errors/index.ts'
import { REQUEST_DRAIN, REQUEST_PARTIAL, type TrimMethod } from '../protocol/index.ts'
import type { CallOptions } from '../transport/call-bounds.ts'

/** Options of operations that can be put into an order. */
export interface OperationOptions extends CallOptions {
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

/** Nothing can abort a call while its thread is blocked, so a blocking one takes no bounds. */
export function refuseBounds(options: unknown): void {
  if (typeof options !== 'object' || options === null) return
  for (const name of ['signal', 'timeout', 'noWait'] as const) {
    const value = (options as CallOptions)[name]
    if (value !== undefined) {
      throw invalidValue(`options.${name}`, 'is for asynchronous calls only', value)
    }
  }
}
