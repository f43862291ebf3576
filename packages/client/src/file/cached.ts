import type { CallBounds } from '../transport/call-bounds.ts'
import type { FileHandleState } from './handle.ts'
import type { ReadResult } from './transfer.ts'
import type { TransferArguments } from './transfer-arguments.ts'

/** Reads what is in the page cache on this thread; null where the actor is to read. */
export function readCached(
  state: FileHandleState,
  { flags, bytes, memory, buffer }: TransferArguments<ArrayBufferView>,
): Promise<ReadResult<ArrayBufferView>> | null {
  if (state.cached === null || flags !== 0) return null
  return state.cached.read(state, bytes, memory, buffer)
}

/** As `readCached`, for a call that blocks: bytes read, or -1. */
export function readCachedSync(
  state: FileHandleState,
  { flags, bytes, memory }: TransferArguments<ArrayBufferView>,
): number {
  if (state.cached === null || flags !== 0) return -1
  return state.cached.readSync(state, bytes, memory)
}

/** It has been read; but its caller can give it up until he hears of it, and has his memory again. */
export async function cachedWithin(
  bounds: CallBounds,
  { bytes, buffer }: TransferArguments<ArrayBufferView>,
  read: Promise<ReadResult<ArrayBufferView>>,
): Promise<ReadResult<ArrayBufferView>> {
  bounds.begun()
  bounds.saveWhenGivenUp(() => {
    bounds.kept = new Uint8Array(bytes)
  })
  const { bytesRead } = await read
  bounds.ended()
  return { bytesRead, buffer: bounds.kept ?? buffer }
}
