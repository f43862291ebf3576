// A thread with several clients, each of which keeps so many operations in flight until it is told to stop.
import { parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'

export interface ShareOrders {
  control: SharedArrayBuffer
  path: string
  /** Operations in flight, for each client. */
  depths: number[]
  reads: boolean
}

export async function keepBusy({ control, path, depths, reads }: ShareOrders): Promise<void> {
  const words = new Int32Array(control)
  const busy = depths.map(async (depth) => {
    const client = connect()
    const file = await client.open(path, 'r')
    const one = async (): Promise<void> => {
      const buffer = Buffer.alloc(512)
      while (Atomics.load(words, 0) === 0) {
        if (reads) await file.read(buffer, 0, 512, 0)
        else await client.nop()
      }
    }
    await Promise.all(Array.from({ length: depth }, one))
    await file.close()
    await client.close()
  })
  parentPort?.postMessage('busy')
  await Promise.all(busy)
}
