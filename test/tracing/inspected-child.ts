// A process with an actor that may be inspected, and workers that read through it until they are told
// to stop. What it does follows from the orders that its parent sends.
import { spawnActor } from '@uring-actor/actor'
import { startTask } from '../support/thread.ts'
import type { Work, WorkOrders } from './inspected-worker.ts'

/** What the parent may say: `end` says how the process is to. */
export type Order =
  | { kind: 'work'; workers: number; file: string }
  | { kind: 'stop' }
  | { kind: 'memory' }
  | { kind: 'trace'; level: 'off' | 'histogram' }
  | { kind: 'close' }
  | { kind: 'end'; how: 'exit' | 'throw' | 'by itself' }

export interface Ready {
  socket: string | null
  warning: string | null
}

const WORKER = new URL('./inspected-worker.js', import.meta.url)

let warning: string | null = null
process.on('warning', (told: Error & { code?: string }) => {
  if (told.code === 'URING_ACTOR_INSPECT') warning = told.message
})

const [, , place = ''] = process.argv
const actor = await spawnActor(place === '' ? {} : { inspect: place === 'true' ? true : place })
const stop = new Int32Array(new SharedArrayBuffer(4))
let works: Array<Promise<Work>> = []

function tell(message: unknown): void {
  process.send!(message)
}

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'work': {
      const orders: WorkOrders = { file: order.file, stop }
      const started = Array.from({ length: order.workers }, () =>
        startTask<Work>(WORKER, 'readUntilStopped', orders),
      )
      works = started.map(({ result }) => result)
      await Promise.all(
        started.map(({ worker }) => new Promise((resolve) => worker.once('message', resolve))),
      )
      return tell('working')
    }
    case 'stop':
      Atomics.store(stop, 0, 1)
      return tell(await Promise.all(works))
    case 'memory':
      // The actor's event loop has had a turn then, in which it has served its peers.
      await actor.stats()
      return tell(process.memoryUsage.rss())
    case 'trace':
      actor.setTrace(order.level)
      return tell('traced')
    case 'close':
      await actor.close()
      return tell('closed')
    case 'end':
      process.disconnect()
      if (order.how === 'exit') process.exit(0)
      if (order.how === 'throw') throw new Error('on purpose')
  }
}

process.on('message', (order: Order) => void obey(order))
setImmediate(() => tell({ socket: actor.inspectSocket, warning } satisfies Ready))
