import { bufferChanged, invalidType } from '../errors/index.ts'
import { isWanted, type Steps } from '../transport/steps.ts'
import { bytesOf, positionValue } from './arguments.ts'
import type { FileHandleState } from './handle.ts'
import { readSteps, writeSteps } from './transfer-steps.ts'

/**
 * readv and writev. The buffers are joined into one range of memory, so that the whole vector is
 * one transfer, as atomic as the file makes any other.
 */

export function* vectorReadSteps(
  file: FileHandleState,
  views: readonly Uint8Array[],
  position: unknown,
): Steps<number> {
  const at =
    typeof position === 'number' || typeof position === 'bigint' ? positionValue(position) : null
  file.assertOpen('readv')
  const total = totalBytes(views)
  if (total === 0) return 0
  if (views.length === 1) return yield* readSteps(file, views[0], at, 0)
  const lengths = views.map((view) => view.length)
  const joined = new Uint8Array(total)
  const bytesRead = yield* readSteps(file, joined, at, 0)
  if (!(yield* isWanted())) return bytesRead
  if (views.some((view, index) => view.length !== lengths[index])) throw bufferChanged()
  let from = 0
  for (const view of views) {
    const to = Math.min(from + view.length, bytesRead)
    view.set(joined.subarray(from, to))
    from = to
  }
  return bytesRead
}

export function* vectorWriteSteps(
  file: FileHandleState,
  views: readonly Uint8Array[],
  position: unknown,
): Steps<number> {
  const at =
    typeof position === 'number' || typeof position === 'bigint' ? positionValue(position) : null
  file.assertOpen('writev')
  const total = totalBytes(views)
  if (total === 0) return 0
  if (views.length === 1) return yield* writeSteps(file, views[0], at, 0)
  const joined = new Uint8Array(total)
  let from = 0
  for (const view of views) {
    joined.set(view, from)
    from += view.length
  }
  return yield* writeSteps(file, joined, at, 0)
}

/** The bytes of a vector's buffers, in a list that the caller does not have. */
export function vectorOf(buffers: unknown): Uint8Array[] {
  if (!Array.isArray(buffers)) throw invalidType('buffers', 'an ArrayBufferView[]', buffers)
  return buffers.map((buffer, index) => bytesOf(buffer, 0, undefined, `buffers[${index}]`))
}

function totalBytes(views: readonly Uint8Array[]): number {
  return views.reduce((sum, view) => sum + view.length, 0)
}
