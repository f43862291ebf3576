// A steady load for the tests of batching: random aligned reads of a warm file, so many in flight.
import type { UringFile } from '@uring-actor/client'

const BLOCK_BYTES = 4096

/** Makes so many reads with `depth` in flight. Each is checked for its length only: speed matters. */
export async function readSteadily(
  file: UringFile,
  fileBytes: number,
  reads: number,
  depth: number,
): Promise<void> {
  const blocks = Math.floor(fileBytes / BLOCK_BYTES)
  let left = reads
  let random = 12345
  const lane = async (): Promise<void> => {
    const buffer = Buffer.alloc(BLOCK_BYTES)
    while (left > 0) {
      left--
      random = (Math.imul(random, 1103515245) + 12345) >>> 0
      const position = ((random >>> 8) % blocks) * BLOCK_BYTES
      const { bytesRead } = await file.read(buffer, 0, BLOCK_BYTES, position)
      if (bytesRead !== BLOCK_BYTES) throw new Error(`${bytesRead} bytes at ${position}`)
    }
  }
  await Promise.all(Array.from({ length: depth }, lane))
}
