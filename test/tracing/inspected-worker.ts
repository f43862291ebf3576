// What the workers of inspected-child.ts do.
import { parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'

export interface WorkOrders {
  file: string
  /** The first word is 1 when it is to stop. */
  stop: Int32Array
}

/** What one client has done, its client still connected. */
export interface Work {
  operations: number
  errors: number
  bytesRead: number
}

const LANES = 8
const BYTES = 4096

/** Reads in several lanes, now and then in vain, and stays connected when it stops. */
export async function readUntilStopped({ file: path, stop }: WorkOrders): Promise<Work> {
  const client = connect()
  const file = await client.open(path, 'r')
  const work: Work = { operations: 1, errors: 0, bytesRead: 0 }
  const lane = async (): Promise<void> => {
    const buffer = Buffer.alloc(BYTES)
    while (Atomics.load(stop, 0) === 0) {
      const { bytesRead } = await file.read(buffer, 0, BYTES, 0)
      work.operations++
      work.bytesRead += bytesRead
      if (work.operations % 100 !== 0) continue
      // Not open for writing: EBADF.
      await file.truncate(0).catch(() => {
        work.errors++
      })
      work.operations++
    }
  }
  parentPort!.postMessage('working')
  await Promise.all(Array.from({ length: LANES }, lane))
  // The thread stays, and with it its client, until the process ends.
  parentPort!.on('message', () => {})
  return work
}
