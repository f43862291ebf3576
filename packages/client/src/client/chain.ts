import { invalidValue, outOfRange, type SystemError, UringError } from '../errors/index.ts'
import { byteOffset, bytesOf, parsePosition, positionHigh, positionLow } from '../file/arguments.ts'
import { rangeRequest, requestOf } from '../file/file-steps.ts'
import type { FileHandleState } from '../file/handle.ts'
import { leasedBlock, STAGE_BYTES } from '../file/transfer.ts'
import { UringFile } from '../file/uring-file.ts'
import {
  OPERATION_ALLOCATE,
  OPERATION_NAMES,
  OPERATION_NOP,
  OPERATION_READ,
  OPERATION_SYNC,
  OPERATION_SYNC_RANGE,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_WRITE,
  SYNC_DATA,
} from '../protocol/index.ts'
import type { RequestSpec } from '../transport/request-spec.ts'
import type { Transport } from '../transport/transport.ts'

/** Internal: one operation that a chain has collected. */
export interface Member {
  readonly spec: RequestSpec
  readonly file: FileHandleState | null
  /** The caller's bytes of a read or write. */
  readonly bytes: Uint8Array | null
  readonly staged: boolean
  /** What the result names: the caller's buffer, unless he has given the chain up. */
  buffer: ArrayBufferView | null
}

/** The error of a chain: that of the member which failed, and which one it was. */
export interface ChainError extends SystemError {
  /** Index of the member that failed, in the order of the calls on the builder. */
  readonly failedIndex: number
  /** The results of the members before it; later ones were cancelled and did nothing. */
  readonly results: unknown[]
}

/**
 * Collects the operations of one chain: each begins when the one before it has succeeded, and one
 * failure cancels the rest. Linking is an order, not durability: use `datasync` as a member for that.
 * Every call returns the builder; results come in the order of the calls.
 */
export class ChainBuilder {
  readonly #transport: Transport
  readonly #members: Member[] = []

  constructor(transport: Transport) {
    this.#transport = transport
  }

  /** Internal: what was collected. */
  static membersOf(chain: ChainBuilder): Member[] {
    return chain.#members
  }

  nop(): this {
    return this.#add({ operation: OPERATION_NOP }, null)
  }

  read(
    file: UringFile,
    buffer: ArrayBufferView,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): this {
    return this.#transfer(file, OPERATION_READ, buffer, offset, length, position)
  }

  write(
    file: UringFile,
    buffer: ArrayBufferView,
    offset?: number | null,
    length?: number | null,
    position?: number | bigint | null,
  ): this {
    return this.#transfer(file, OPERATION_WRITE, buffer, offset, length, position)
  }

  sync(file: UringFile): this {
    const state = this.#own(file, 'fsync')
    return this.#add(requestOf(state, OPERATION_SYNC), state)
  }

  datasync(file: UringFile): this {
    const state = this.#own(file, 'fdatasync')
    return this.#add(requestOf(state, OPERATION_SYNC, { rwFlags: SYNC_DATA }), state)
  }

  trim(file: UringFile, position: number | bigint, length: number | bigint): this {
    return this.#range(file, OPERATION_TRIM, position, length)
  }

  allocate(file: UringFile, position: number | bigint, length: number | bigint): this {
    return this.#range(file, OPERATION_ALLOCATE, position, length)
  }

  syncRange(file: UringFile, position: number | bigint, length: number | bigint): this {
    return this.#range(file, OPERATION_SYNC_RANGE, position, length, 7)
  }

  truncate(file: UringFile, length: number | bigint = 0): this {
    return this.#range(file, OPERATION_TRUNCATE, length, 0)
  }

  #range(
    file: UringFile,
    operation: number,
    position: unknown,
    length: unknown,
    rwFlags: number = 0,
  ): this {
    const state = this.#own(file, OPERATION_NAMES[operation])
    const from = byteOffset(position, 'position')
    const count = byteOffset(length, 'length')
    return this.#add(rangeRequest(state, operation, from, count, { rwFlags }), state)
  }

  #transfer(
    file: UringFile,
    operation: number,
    buffer: ArrayBufferView,
    offset: unknown,
    length: unknown,
    position: unknown,
  ): this {
    const state = this.#own(file, OPERATION_NAMES[operation])
    const bytes = bytesOf(buffer, offset, length)
    const { arena } = this.#transport
    const staged = bytes.buffer !== arena.buffer
    if (staged && (bytes.length === 0 || bytes.length > STAGE_BYTES)) {
      throw outOfRange(
        'length',
        `>= 1 && <= ${STAGE_BYTES} in a chain, except for leases`,
        bytes.length,
      )
    }
    if (!staged) leasedBlock(state, bytes)
    parsePosition(position)
    if (positionLow === -1 && positionHigh === -1 && !state.append) {
      throw invalidValue('position', 'must be given in a chain', position)
    }
    state.assertAligned(staged ? 0 : bytes.byteOffset, positionLow, positionHigh, bytes.length)
    const fields = { offLow: positionLow, offHigh: positionHigh, len: bytes.length }
    this.#members.push({
      spec: requestOf(state, operation, fields),
      file: state,
      bytes,
      staged,
      buffer,
    })
    return this
  }

  #add(spec: RequestSpec, file: FileHandleState | null): this {
    this.#members.push({ spec, file, bytes: null, staged: false, buffer: null })
    return this
  }

  #own(file: UringFile, syscall: string): FileHandleState {
    const state = UringFile.stateOf(file)
    if (state.transport !== this.#transport) {
      throw new UringError(
        'ERR_URING_FOREIGN_FILE',
        `another client opened '${state.path}'; a chain takes files of its own client only`,
      )
    }
    state.assertTakes(syscall)
    return state
  }
}
