// What connect.test.ts does in other threads. The call after connect() is always a blocking one: the
// thread gives its event loop no turn between the two.
import { constants } from 'node:fs'
import { type ActorAddress, connect } from '@uring-actor/client'
import { runTask } from '../support/thread.ts'

const here: URL = new URL(import.meta.url)

export interface ReadOrders {
  path: string
  address?: ActorAddress
}

/** Connects, opens and reads the first 16 bytes, all of it blocking; returns them as hex. */
export function readBlocking({ path, address }: ReadOrders): string {
  const client = connect(address)
  const file = client.openSync(path, constants.O_RDONLY)
  const bytes = Buffer.alloc(16)
  const bytesRead = file.readSync(bytes, 0, 16, 0)
  file.closeSync()
  client.closeSync()
  return bytes.toString('hex', 0, bytesRead)
}

export function readInNestedThread(orders: ReadOrders): Promise<string> {
  return runTask<string>(here, 'readBlocking', orders)
}

export interface OlderOrders {
  path: string
  /** [0]: go on, [1]: the thread runs. */
  word: Int32Array<SharedArrayBuffer>
}

/** A thread older than the actor: it has no address of its own, and gets it by message. */
export async function readWithHandedAddress({ path, word }: OlderOrders): Promise<string[]> {
  const { parentPort } = await import('node:worker_threads')
  const handed = new Promise<ActorAddress>((resolve) => parentPort!.once('message', resolve))
  Atomics.store(word, 1, 1)
  const address = await handed
  let without = 'no error'
  try {
    connect()
  } catch (error) {
    without = (error as NodeJS.ErrnoException).code ?? 'no code'
  }
  return [without, readBlocking({ path, address })]
}

/** A piscina task. */
export default function task(orders: ReadOrders): string {
  return readBlocking(orders)
}
