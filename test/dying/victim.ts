// A client that will be killed: it begins operations of all kinds without end, some of them such that
// nothing completes, and dies by itself if that is how it is to die.
import { parentPort, workerData } from 'node:worker_threads'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import { Random } from '../random/random.ts'

export interface VictimOrders {
  file: string
  /** An empty pipe: reads of it stay in flight. */
  pipe: string
  seed: number
  /** Ends its own thread so many milliseconds after it has connected; null: waits to be killed. */
  end: { how: 'throw' | 'exit'; millis: number } | null
}

const FILE_BYTES = 1 << 20
const LANES = 24

function ignore(): void {}

/** One operation, or a few of them, begun and sometimes not awaited. */
async function operate(client: Client, files: UringFile[], orders: VictimOrders, random: Random) {
  const [file, pipe] = files as [UringFile, UringFile]
  const bytes = Buffer.alloc(1 + random.below(40_000), random.below(256))
  const position = random.below(FILE_BYTES)
  const choice = random.below(14)
  if (choice < 3) await file.read(bytes, 0, bytes.length, position)
  else if (choice < 5) await file.write(bytes, 0, bytes.length, position)
  else if (choice === 5) await file.writeDurable(bytes, 0, bytes.length, position)
  else if (choice === 6) await file.datasync()
  else if (choice === 7) pipe.read(Buffer.alloc(64)).catch(ignore)
  else if (choice === 8) await (await client.open(orders.file, 'r')).stat()
  else if (choice === 9) await (await client.open(orders.file, 'r')).close()
  else if (choice === 10) {
    await client.chain((chain) => chain.write(file, bytes, 0, null, position).datasync(file).nop())
  } else if (choice === 11) await file.readMany([0, position, 4096], 4096)
  else if (choice === 12) {
    const lease = client.alloc(8192)
    file.write(lease, 0, 8192, position).catch(ignore)
    lease.release()
  } else file.readSync(bytes, 0, bytes.length, position)
}

async function lane(client: Client, files: UringFile[], orders: VictimOrders, random: Random) {
  for (;;) {
    await operate(client, files, orders, random).catch(ignore)
    if (random.chance(2)) files[1]!.readSync(Buffer.alloc(8))
  }
}

export default async function die(orders: VictimOrders): Promise<void> {
  parentPort?.postMessage('connecting')
  const client = connect()
  const { end } = orders
  if (end !== null) {
    setTimeout(() => {
      // What is posted in this very turn is not published yet.
      client.nop().catch(ignore)
      if (end.how === 'exit') process.exit(0)
      throw new Error('on purpose')
    }, end.millis)
  }
  const files = await Promise.all([client.open(orders.file, 'r+'), client.open(orders.pipe, 'r+')])
  // Some read the empty pipe synchronously, and end only when they are terminated.
  for (let index = 0; index < LANES; index++) {
    void lane(client, files, orders, new Random(orders.seed, index + 2))
  }
  await new Promise(ignore)
}

/** For a pool's thread that is to live a little. */
export function idle(): void {}

// Of a pool's thread the module's function is called; a thread of its own gets its orders at once.
if ((workerData as Partial<VictimOrders> | null | undefined)?.pipe !== undefined) {
  await die(workerData as VictimOrders)
}
