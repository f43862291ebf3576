import { isArrayBufferView } from 'node:util/types'
import { invalidType, invalidValue, outOfRange } from '../errors/index.ts'
import { integer } from './arguments.ts'

/** Checks for the block helpers: a block is `blockSize` bytes, counted from 0. */

export function requireBlockSize(blockSize: number): number {
  if (blockSize === 0) {
    throw invalidValue('blockSize', 'must be given to open() for the block helpers', undefined)
  }
  return blockSize
}

/** First byte of block `n`. */
export function blockPosition(n: unknown, blockSize: number): number {
  return integer(n, 'n', 0, Math.floor(Number.MAX_SAFE_INTEGER / blockSize) - 1) * blockSize
}

export function blockBytes(data: unknown, blockSize: number): ArrayBufferView {
  if (!isArrayBufferView(data)) {
    throw invalidType('data', 'an instance of Buffer, TypedArray, or DataView', data)
  }
  if (data.byteLength !== blockSize) {
    throw outOfRange('data.byteLength', `exactly ${blockSize}`, data.byteLength)
  }
  return data
}
