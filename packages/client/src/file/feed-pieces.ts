import { holdingLeases } from '../memory/lease-holds.ts'
import { bounded, type CallBounds } from '../transport/call-bounds.ts'
import { runAsync } from '../transport/steps.ts'
import type { FileHandleState } from './handle.ts'
import { writeSteps } from './transfer-steps.ts'
import { type Pieces, writableBytes } from './whole-file.ts'

/**
 * Writes pieces at the file's own position as they come. The file's close waits for all of them: until the
 * call has settled, and the piece in flight too where its caller has given up.
 */
export function feedPieces(
  file: FileHandleState,
  pieces: Pieces,
  encoding: BufferEncoding | undefined,
  bounds: CallBounds | null,
): Promise<void> {
  const feed: Feed = { piece: Promise.resolve(0) }
  const written = bounded(bounds, () => writePieces(file, pieces, encoding, bounds, feed))
  const over = (): Promise<unknown> => feed.piece.catch(() => {})
  file.feeds.track(written.then(over, over))
  return written
}

interface Feed {
  /** The piece that is being written, or was written last. */
  piece: Promise<unknown>
}

async function writePieces(
  file: FileHandleState,
  pieces: Pieces,
  encoding: BufferEncoding | undefined,
  bounds: CallBounds | null,
  feed: Feed,
): Promise<void> {
  const { transport, runs } = file
  file.assertTakes('write')
  if (bounds !== null) bounds.inParts = true
  for await (const piece of pieces) {
    const bytes = writableBytes(piece, encoding)
    if (bytes.length === 0) {
      bounds?.goOn()
      continue
    }
    const steps = writeSteps(file, bytes, null, 0)
    feed.piece = holdingLeases([bytes], () => runAsync(transport, steps, 0, bounds, runs))
    await feed.piece
  }
}
