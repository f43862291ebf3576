// The threads of batch.test.ts.
import { connect } from '@uring-actor/client'
import { readSteadily } from './load.ts'

export interface LoadOrders {
  path: string
  fileBytes: number
  depth: number
  /** [0]: stop, [1]: threads that are at work. */
  word: Int32Array<SharedArrayBuffer>
}

/** Reads until it is told to stop; returns how often, from the moment when it was warm. */
export async function readUntilTold(orders: LoadOrders): Promise<number> {
  const { path, fileBytes, depth, word } = orders
  const client = connect()
  const file = await client.open(path, 'r')
  await readSteadily(file, fileBytes, 2000, depth)
  Atomics.add(word, 1, 1)
  let reads = 0
  while (Atomics.load(word, 0) === 0) {
    await readSteadily(file, fileBytes, 1000, depth)
    reads += 1000
  }
  await client.close()
  return reads
}
