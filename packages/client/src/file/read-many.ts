import { bufferChanged, invalidType, outOfRange, systemError } from '../errors/index.ts'
import { COMPLETION_NOT_STARTED, OPERATION_READ, PAGE_SHIFT } from '../protocol/index.ts'
import { busy } from '../transport/busy.ts'
import type { CallBounds } from '../transport/call-bounds.ts'
import { copyOut } from '../transport/copy.ts'
import { type Batch, type Operation, SETTLE_BATCH } from '../transport/operation.ts'
import { orderOf } from '../transport/steps.ts'
import { integer, parsePosition, positionHigh, positionLow } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import { STAGE_BYTES } from './transfer.ts'

/**
 * Many reads that one promise stands for: no promise and no result object for each of them, and
 * all of them in the channel at once, as far as there is room.
 */
class ReadBatch implements Batch {
  readonly promise: Promise<Uint8Array[]>
  readonly #file: FileHandleState
  readonly #views: Uint8Array[]
  readonly #bounds: CallBounds | null
  #left: number
  #posted = 0
  #error: Error | null = null
  #resolve: (views: Uint8Array[]) => void = () => {}
  #reject: (error: Error) => void = () => {}

  constructor(file: FileHandleState, count: number, length: number, bounds: CallBounds | null) {
    this.#file = file
    this.#bounds = bounds
    this.#left = count
    const bytes = new Uint8Array(count * length)
    this.#views = Array.from({ length: count }, (_, index) =>
      bytes.subarray(index * length, (index + 1) * length),
    )
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  target(index: number): Uint8Array {
    return this.#views[index]
  }

  posted(operation: Operation): void {
    this.#posted++
    this.#bounds?.posted(operation)
  }

  /** Nothing more of the batch will be posted: it ends with what is in flight. */
  stop(error: Error): void {
    this.#error ??= error
    this.#left = this.#posted
    if (this.#left === 0) this.#end()
  }

  settleOne(operation: Operation, res: number, flags: number): void {
    this.#bounds?.completed(operation, flags)
    if (res < 0) {
      this.#error ??= systemError(res, 'read')
    } else {
      const view = this.#views[operation.index]
      if (!copyOut(this.#file.transport.arena, operation, res)) this.#error ??= bufferChanged()
      if (res < view.length) this.#views[operation.index] = view.subarray(0, res)
    }
    this.#oneEnded()
  }

  failOne(operation: Operation, error: Error): void {
    this.#bounds?.completed(operation, COMPLETION_NOT_STARTED)
    this.#error ??= error
    this.#oneEnded()
  }

  #oneEnded(): void {
    this.#posted--
    this.#left--
    if (this.#left === 0) this.#end()
  }

  #end(): void {
    if (this.#error !== null) this.#reject(this.#error)
    else this.#resolve(this.#views)
  }
}

/** Where to read so many bytes each time: taken, and looked at, at the call. */
export function placesOf(
  file: FileHandleState,
  positions: ArrayLike<number>,
  length: number,
): Float64Array {
  integer(length, 'length', 1, STAGE_BYTES)
  if (typeof positions !== 'object' || positions === null || !('length' in positions)) {
    throw invalidType('positions', 'an array of numbers', positions)
  }
  const count = integer(positions.length, 'positions.length', 0, 2 ** 24)
  if (count * length > 2 ** 31)
    throw outOfRange('positions.length', `<= ${2 ** 31 / length}`, count)
  const places = new Float64Array(count)
  for (let index = 0; index < count; index++) {
    places[index] = integer(positions[index], `positions[${index}]`)
    parsePosition(places[index])
    file.assertAligned(0, positionLow, positionHigh, length)
  }
  return places
}

export async function readMany(
  file: FileHandleState,
  places: Float64Array,
  length: number,
  bounds: CallBounds | null,
): Promise<Uint8Array[]> {
  file.assertOpen('read')
  const count = places.length
  if (count === 0) return []
  bounds?.enter()
  const { transport } = file
  const { operations } = transport
  const order = orderOf(transport, length)
  if (bounds?.noWait) {
    const page = transport.arena.allocate(order)
    if (page < 0) throw busy(transport, 'arena', length)
    transport.arena.release(page)
  }
  const batch = new ReadBatch(file, count, length, bounds)
  const since = transport.trace.now()
  let next = 0
  const enter = transport.trace.inContext((): boolean => {
    // A subscriber to the span of one of them may end the client.
    while (next < count && transport.failure === null) {
      if (!postOne(file, batch, places[next], length, order, next, since)) return false
      next++
    }
    if (transport.failure !== null) batch.stop(transport.failure)
    return true
  })
  if (bounds === null) operations.whenReady(enter)
  else
    bounds.waitInLine(
      (start) => operations.whenReady(start),
      enter,
      (error) => batch.stop(error),
    )
  return batch.promise
}

/** Posts one read of the batch; false when there is no room. */
function postOne(
  file: FileHandleState,
  batch: ReadBatch,
  position: number,
  length: number,
  order: number,
  index: number,
  since: number,
): boolean {
  const { transport } = file
  const operation = transport.operations.claim()
  if (operation === null) return false
  const page = transport.arena.allocate(order)
  if (page < 0) {
    transport.free(operation)
    return false
  }
  operation.page = page
  operation.addr = page << PAGE_SHIFT
  operation.settle = SETTLE_BATCH
  operation.batch = batch
  operation.index = index
  transport.trace.calledAt(operation, since)
  operation.target = batch.target(index)
  operation.targetLength = length
  parsePosition(position)
  batch.posted(operation)
  transport.post(
    operation,
    OPERATION_READ,
    0,
    file.slot,
    file.generation,
    positionLow,
    positionHigh,
    operation.addr,
    0,
    length,
    0,
  )
  transport.publishEarly()
  return true
}
