// One client thread of the soak test: it connects, works for a while, leaves, and begins again.
import { workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { runSession } from '../random/client-task.ts'
import { Lane } from '../random/lane.ts'
import { Board, type Task } from '../random/plan.ts'
import { Random } from '../random/random.ts'
import { Counters, Watch } from './watch.ts'

export interface SoakTask extends Task {
  readonly counters: SharedArrayBuffer
}

const SESSION_OPERATIONS = 5000

const { plan, client: number, board: memory, counters } = workerData as SoakTask
const planned = plan.clients[number]!
const board = new Board(memory)
const watch = new Watch(new Counters(counters), number)
const randoms = Array.from(
  { length: planned.lanes },
  (_, lane) => new Random(plan.seed, planned.firstWriter + lane),
)
let lanes: Lane[] = []
while (!board.stopped) {
  const client = connect()
  const session = { client, history: watch, board, plan, blockFiles: [] }
  const before = lanes
  lanes = randoms.map((random, lane) => new Lane(session, random, planned, lane, before[lane]))
  await runSession(session, lanes, planned, watch.operations + SESSION_OPERATIONS)
  await client.close()
  watch.sessionEnded()
  // The memory of a client that has left is this thread's garbage: what counts is what stays.
  globalThis.gc!()
}
