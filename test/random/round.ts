// One round, in a process of its own: an actor, and clients on every kind of thread.
//
//   node round.js JSON    (see RoundOrders)
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { Piscina } from 'piscina'
import runClient from './client-task.ts'
import { Board, makePlan, type Plan, type Task } from './plan.ts'

export interface RoundOrders {
  readonly directory: string
  readonly seed: number
  readonly engine: Plan['engine']
  readonly operations: number
  readonly queueDepth: number
  readonly channelDepth: number
  readonly arenaBytes: number
}

/** A round in which nothing has been invoked for so long has lost something. */
const STALLED_MILLIS = 60_000
const LOOK_MILLIS = 1000

const orders = JSON.parse(process.argv[2]!) as RoundOrders
const { directory, seed, operations, engine, queueDepth, channelDepth, arenaBytes } = orders
const plan = makePlan(directory, seed, engine, operations)
const board = Board.create(plan.clients.length)
// Of two rounds on an engine one has the ring do the writes too that the actor would make itself. The seeds of
// rounds follow on each other, and those of one engine may be two apart.
const cachedWrites = seed % 4 < 2
const actor = await spawnActor({ engine, queueDepth, channelDepth, arenaBytes, cachedWrites })
const watching = watch()
const began = performance.now()
// The main thread, workers, the task of a pool, a worker that only blocks, and one that does one thing
// at a time.
await Promise.all([
  runClient(task(0)),
  inWorker(task(1)),
  inWorker(task(2)),
  inPool(task(3)),
  inWorker(task(4)),
  inWorker(task(5)),
])
const seconds = (performance.now() - began) / 1000
clearInterval(watching)
const { inFlight, overflow, retries, openFiles } = await actor.stats()
await actor.close()
process.stdout.write(`${JSON.stringify({ seconds, inFlight, overflow, retries, openFiles })}\n`)

function task(client: number): Task {
  return { plan, client, board: board.memory }
}

function inWorker(data: Task): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./round-worker.js', import.meta.url), { workerData: data })
    worker.once('error', (error) => {
      board.stop()
      reject(error)
    })
    worker.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`the thread of client ${data.client} ended with ${code}`))
    })
  })
}

async function inPool(data: Task): Promise<void> {
  const filename = new URL('./client-task.js', import.meta.url).href
  const pool = new Piscina({ filename, maxThreads: 1 })
  try {
    await pool.run(data)
  } finally {
    await pool.destroy()
  }
}

/** Ends a round that no longer moves: the checker tells from the histories what was lost. */
function watch(): NodeJS.Timeout {
  let seen = -1
  let seenAt = performance.now()
  return setInterval(() => {
    const now = performance.now()
    if (board.done !== seen) {
      seen = board.done
      seenAt = now
    } else if (now - seenAt > STALLED_MILLIS) {
      process.stderr.write(`nothing has moved for ${STALLED_MILLIS / 1000} s: giving up\n`)
      process.exit(1)
    }
  }, LOOK_MILLIS)
}
