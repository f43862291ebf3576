import {
  MAX_TRANSFER_BYTES,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import {
  ROW_ADDR_HIGH,
  ROW_ADDR_LOW,
  ROW_ASKED,
  ROW_CHANNEL,
  ROW_DONE,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_RW_FLAGS,
  ROW_TRIES,
  ROW_WORDS,
} from '../operations/operation-table.ts'
import type { ArenaBuffers } from './arena-buffers.ts'
import {
  BLOCK_URING_CMD_DISCARD,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  IORING_FSYNC_DATASYNC,
  IORING_OP_FALLOCATE,
  IORING_OP_FSYNC,
  IORING_OP_FTRUNCATE,
  IORING_OP_NOP,
  IORING_OP_READ,
  IORING_OP_READ_FIXED,
  IORING_OP_SYNC_FILE_RANGE,
  IORING_OP_URING_CMD,
  IORING_OP_WRITE,
  IORING_OP_WRITE_FIXED,
  IOSQE_ASYNC,
  IOSQE_FIXED_FILE,
  IOSQE_IO_LINK,
} from './kernel-abi.ts'
import type { Ring } from './ring.ts'

/** Longest sync_file_range of one request: its length is a uint32, and 0 means to the end. */
const MAX_RANGE_BYTES = 0xfffff000

/**
 * Writes SQEs for rows of the operation table. The kernel's opcode comes from our own operation by
 * the branches below, and from nowhere else.
 */
export class RequestEncoder {
  #ring: Ring
  #buffers: ArenaBuffers
  #words: Int32Array

  constructor(ring: Ring, buffers: ArenaBuffers, words: Int32Array) {
    this.#ring = ring
    this.#buffers = buffers
    this.#words = words
  }

  /** The row's next piece. */
  encode(row: number, linked: boolean): void {
    const at = row * ROW_WORDS
    const flags = IOSQE_FIXED_FILE | (linked ? IOSQE_IO_LINK : 0)
    const kind = this.#words[at + ROW_KIND]
    if (kind === OPERATION_READ || kind === OPERATION_WRITE) this.#transfer(row, at, kind, flags)
    else if (kind === OPERATION_NOP) this.#push(row, IORING_OP_NOP, flags, 0, 0, 0, 0, 0, 0, 0)
    else if (kind === OPERATION_TRIM) this.#trim(row, at, flags)
    else this.#range(row, at, kind, flags)
  }

  /** fsync or fdatasync on behalf of a row. */
  encodeSync(row: number, file: number, data: boolean): void {
    const how = data ? IORING_FSYNC_DATASYNC : 0
    this.#push(row, IORING_OP_FSYNC, IOSQE_FIXED_FILE, file, 0, 0, 0, 0, 0, how)
  }

  #transfer(row: number, at: number, kind: number, flags: number): void {
    const words = this.#words
    const done = words[at + ROW_DONE]
    const length = Math.min(words[at + ROW_LEN] - done, MAX_TRANSFER_BYTES)
    words[at + ROW_ASKED] = length
    const channel = words[at + ROW_CHANNEL]
    const offset = words[at + ROW_ADDR_LOW] + done
    const buffer = this.#buffers.index(channel, offset)
    const address = this.#buffers.address(channel, offset)
    let low = words[at + ROW_OFF_LOW]
    let high = words[at + ROW_OFF_HIGH]
    if (done > 0 && !(low === -1 && high === -1)) {
      const sum = (low >>> 0) + done
      low = sum | 0
      if (sum >= 4294967296) high = (high + 1) | 0
    }
    const read = kind === OPERATION_READ
    let opcode = read ? IORING_OP_READ : IORING_OP_WRITE
    if (buffer > 0) opcode = read ? IORING_OP_READ_FIXED : IORING_OP_WRITE_FIXED
    const file = words[at + ROW_FILE]
    const addressHigh = (address / 4294967296) | 0
    // biome-ignore format: one request, one line of its fields
    this.#ring.push(opcode, flags, file, low, high, address | 0, addressHigh, length, 0, row, buffer, 0, 0)
  }

  /** A hole in a file, or the discard of a block device (the dispatcher has said which). */
  #trim(row: number, at: number, flags: number): void {
    const words = this.#words
    const file = words[at + ROW_FILE]
    const offLow = words[at + ROW_OFF_LOW]
    const offHigh = words[at + ROW_OFF_HIGH]
    const lengthLow = words[at + ROW_ADDR_LOW]
    const lengthHigh = words[at + ROW_ADDR_HIGH]
    if (words[at + ROW_RW_FLAGS] !== 1) {
      const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
      const opcode = IORING_OP_FALLOCATE
      this.#push(row, opcode, flags, file, offLow, offHigh, lengthLow, lengthHigh, mode, 0)
      return
    }
    // The first try may be refused only because it must not wait; the second may.
    const how = words[at + ROW_TRIES] > 0 ? flags | IOSQE_ASYNC : flags
    const opcode = IORING_OP_URING_CMD
    const command = BLOCK_URING_CMD_DISCARD
    // biome-ignore format: one request, one line of its fields
    this.#ring.push(opcode, how, file, command, 0, offLow, offHigh, 0, 0, row, 0, lengthLow, lengthHigh)
  }

  /** Other operations on a range of a file, without memory. */
  #range(row: number, at: number, kind: number, flags: number): void {
    const words = this.#words
    const file = words[at + ROW_FILE]
    const offLow = words[at + ROW_OFF_LOW]
    const offHigh = words[at + ROW_OFF_HIGH]
    const lengthLow = words[at + ROW_ADDR_LOW]
    const lengthHigh = words[at + ROW_ADDR_HIGH]
    const rwFlags = words[at + ROW_RW_FLAGS]
    if (kind === OPERATION_TRUNCATE) {
      this.#push(row, IORING_OP_FTRUNCATE, flags, file, offLow, offHigh, 0, 0, 0, 0)
    } else if (kind === OPERATION_SYNC_RANGE) {
      // Lengths that one request cannot hold reach to the end of the file, which covers them.
      const whole = (lengthLow >>> 0) + (lengthHigh >>> 0) * 4294967296
      const length = whole > MAX_RANGE_BYTES ? 0 : whole
      const opcode = IORING_OP_SYNC_FILE_RANGE
      this.#push(row, opcode, flags, file, offLow, offHigh, 0, 0, length, rwFlags)
    } else {
      const opcode = IORING_OP_FALLOCATE
      this.#push(row, opcode, flags, file, offLow, offHigh, lengthLow, lengthHigh, rwFlags, 0)
    }
  }

  /** A request without registered memory and without a third address. */
  #push(
    row: number,
    opcode: number,
    flags: number,
    file: number,
    offLow: number,
    offHigh: number,
    addrLow: number,
    addrHigh: number,
    len: number,
    rwFlags: number,
  ): void {
    // biome-ignore format: one request, one line of its fields
    this.#ring.push(opcode, flags, file, offLow, offHigh, addrLow, addrHigh, len, rwFlags, row, 0, 0, 0)
  }
}
