import { holdingLeases } from '../memory/lease-holds.ts'
import type { CallBounds } from '../transport/call-bounds.ts'
import { runAsync } from '../transport/steps.ts'
import type { FileHandleState } from './handle.ts'
import { writeSteps } from './transfer-steps.ts'
import { type Pieces, writableBytes } from './whole-file.ts'

/** Writes pieces at the file's own position as they come; whoever closes file or client waits for all of them. */
export function feedPieces(
  file: FileHandleState,
  pieces: Pieces,
  encoding: BufferEncoding | undefined,
  bounds: CallBounds | null,
): Promise<void> {
  const run = writePieces(file, pieces, encoding, bounds)
  file.transport.turns.feed(run, file.runs)
  return run
}

async function writePieces(
  file: FileHandleState,
  pieces: Pieces,
  encoding: BufferEncoding | undefined,
  bounds: CallBounds | null,
): Promise<void> {
  file.assertTakes('write')
  if (bounds !== null) bounds.inParts = true
  for await (const piece of pieces) {
    const bytes = writableBytes(piece, encoding)
    const steps = writeSteps(file, bytes, null, 0)
    const begin = (): Promise<number> => runAsync(file.transport, steps, 0, bounds)
    if (bytes.length > 0) await holdingLeases([bytes], begin)
    else bounds?.goOn()
  }
}
