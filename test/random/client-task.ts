// One client of a round, on whatever thread this is called: its sessions, and the lanes of each.
import { constants } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import { blockOperation } from './block-operations.ts'
import { byteBurst } from './byte-operations.ts'
import { codeOf } from './codes.ts'
import { History } from './history.ts'
import { FORM_SYNC } from './kinds.ts'
import { BURST, Lane, type Session } from './lane.ts'
import { close, open, otherOperation } from './other-operations.ts'
import { Board, DIRECT_FILE, type PlannedClient, SHARED_FILES, type Task } from './plan.ts'
import { Random } from './random.ts'

/** How often a thread that blocks lets its event loop turn, in bursts. */
const BURSTS_PER_TURN = 64
const FLUSH_MILLIS = 500

export default async function runClient(task: Task): Promise<void> {
  const { plan } = task
  const planned = plan.clients[task.client]!
  const board = new Board(task.board)
  const history = new History(path.join(plan.directory, planned.history), board, task.client)
  // What is there when operations are lost, and the round is given up, tells which.
  const flushing = setInterval(() => history.flush(), FLUSH_MILLIS).unref()
  const randoms = Array.from(
    { length: planned.lanes },
    (_, lane) => new Random(plan.seed, planned.firstWriter + lane),
  )
  let lanes: Lane[] = []
  try {
    for (let number = 1; number <= planned.sessions && !board.stopped; number++) {
      const target = Math.ceil((planned.operations * number) / planned.sessions)
      const client = connect()
      const session = { client, history, board, plan, blockFiles: [] }
      const before = lanes
      lanes = randoms.map((random, lane) => new Lane(session, random, planned, lane, before[lane]))
      await runSession(session, lanes, planned, target)
      await endSession(client, history)
    }
    if (!board.stopped) history.end()
  } catch (error) {
    board.stop()
    throw error
  } finally {
    clearInterval(flushing)
    history.flush()
  }
}

/** Runs the lanes until the client has invoked `target` operations in all. */
export async function runSession(
  session: Session,
  lanes: readonly Lane[],
  { blocking, lanes: count }: PlannedClient,
  target: number,
): Promise<void> {
  const form = blocking ? FORM_SYNC : 0
  const [first] = lanes
  for (const id of SHARED_FILES) {
    session.blockFiles[id] = await open(first!, form, session.plan.files[id]!, 'r+')
  }
  session.blockFiles[DIRECT_FILE] = await openDirect(session, first!, form)
  const each = Math.ceil((target - session.history.operations) / count)
  await Promise.all(lanes.map((lane) => runLane(lane, each)))
  for (const [id, handle] of session.blockFiles.entries()) {
    if (handle !== null) await close(first!, form, id, handle)
  }
  for (const lane of lanes) lane.release()
}

/** Not every filesystem has O_DIRECT; then there is nothing to show. */
async function openDirect(session: Session, lane: Lane, form: number): Promise<UringFile | null> {
  const file = session.plan.files[DIRECT_FILE]!
  const flags = constants.O_RDWR | constants.O_DIRECT
  try {
    await session.client.open(file.path, flags).then((handle) => handle.close())
  } catch (error) {
    if (codeOf(error) === EINVAL) return null
    throw error
  }
  return open(lane, form, file, flags)
}

const EINVAL = 22

/** Runs until the lane has invoked so many operations. */
async function runLane(lane: Lane, operations: number): Promise<void> {
  const { blocking, random, session } = lane
  const form = blocking ? FORM_SYNC : 0
  lane.handle = await open(lane, form, lane.own, 'r+')
  for (let bursts = 0; lane.operations < operations && !session.board.stopped; bursts++) {
    const drawn = random.below(100)
    if (drawn < 70) await blockBurst(lane)
    else if (drawn < 95) await byteBurst(lane)
    else await otherOperation(lane)
    if (blocking && bursts % BURSTS_PER_TURN === 0) await nextTurn()
  }
  await lane.ended()
  await close(lane, form, lane.own.id, lane.handle!)
}

function blockBurst(lane: Lane): Promise<unknown> {
  const count = 1 + lane.random.below(lane.alone ? 1 : BURST)
  const operations: Promise<unknown>[] = []
  for (let place = 0; place < count; place++) operations.push(blockOperation(lane, place))
  return Promise.all(operations)
}

/** Has actor and client compare what they counted, when nothing is in flight any more. */
async function endSession(client: Client, history: History): Promise<void> {
  const delivered = Object.values(client.latency()).reduce((sum, { total }) => sum + total.count, 0)
  const { taken, cachedReads, completed, inFlight } = await client.stats()
  history.session(taken, cachedReads, completed, inFlight, delivered)
  await client.close()
}
