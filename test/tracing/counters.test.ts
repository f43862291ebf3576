// The counters are equal to the operations done, for every client and in the totals, whatever has
// become of the operations and of the clients: errors, given up, closed, killed while idle, killed at
// work. URING_ACTOR_COUNTED is how many operations there are, URING_ACTOR_COUNT_SEED repeats a run.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { ActorStats, OperationStats } from '@uring-actor/client'
import { eventually } from '../support/process-state.ts'
import { startTask, type TaskThread } from '../support/thread.ts'
import { type Account, accountOf } from './counting-tasks.ts'
import { type Counted, countedOf, KINDS, LANES, sumOf, type WorkOrders } from './mixed-work.ts'
import { WorkScene } from './work-scene.ts'

const OPERATIONS = Number(process.env.URING_ACTOR_COUNTED ?? 60_000)
const SEED = Number(process.env.URING_ACTOR_COUNT_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** For the work of one thread, on a machine that has other work too. */
const MILLIS_MAX = 30 * 60_000
const TASKS = new URL('./counting-tasks.js', import.meta.url)
/** Clients that close, that stay, that are killed when they are done, and at work. */
const CLOSING = 3
const STAYING = 2
const IDLE_VICTIMS = 2
const BUSY_VICTIMS = 3
/** The main thread's own is one more that stays. */
const SHARE = Math.ceil(OPERATIONS / (CLOSING + STAYING + IDLE_VICTIMS + BUSY_VICTIMS + 1))

/** Threads that work; those that are left are killed in the end, however that comes. */
class Crew {
  readonly #scene = new WorkScene(SEED)
  readonly #threads: TaskThread<unknown>[] = []

  orders(): WorkOrders {
    return this.#scene.orders(SHARE)
  }

  #start<T>(task: string, orders: WorkOrders): TaskThread<T> {
    const thread = startTask<T>(TASKS, task, orders)
    this.#threads.push(thread)
    return thread
  }

  /** Works and closes. */
  async close(): Promise<Account> {
    const { result, ended } = this.#start<Account>('workAndClose', this.orders())
    const account = await result
    await ended
    return account
  }

  /** Works, and stays or is killed then. */
  async stay(kill: boolean): Promise<Account> {
    const { worker, result } = this.#start<never>('workAndStay', this.orders())
    const account = await new Promise<Account>((resolve, reject) => {
      worker.once('message', resolve)
      result.catch(reject)
    })
    if (kill) await worker.terminate()
    return account
  }

  /** Is killed in the middle of its work. */
  async killAtWork(): Promise<WorkOrders> {
    const orders = this.orders()
    const { settled } = orders.progress
    const { worker, result } = this.#start<never>('workOn', { ...orders, operations: Infinity })
    const done = (): boolean => settled.reduce((sum, count) => sum + count, 0) >= SHARE
    assert.ok(await Promise.race([eventually(done, MILLIS_MAX), result]))
    await worker.terminate()
    return orders
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { worker } of this.#threads) await worker.terminate()
    this.#scene.close()
  }
}

function assertAccount({ id, counted, stats, timed }: Account): void {
  assert.deepEqual(sorted(stats), sorted(counted), `client ${id}`)
  for (const kind of KINDS) {
    assert.equal(timed[kind] ?? 0, counted[kind]?.count ?? 0, `times of ${kind}, client ${id}`)
  }
}

function totalOf(counted: Counted, field: 'count' | 'errors'): number {
  return Object.values(counted).reduce((sum, each) => sum + each[field], 0)
}

/** In the order of the kinds and codes, which is not the same in two accounts. */
function sorted(counted: Counted): unknown {
  const entries = Object.entries(counted).map(([kind, each]) => {
    return [kind, { ...each, errorCodes: Object.entries(each.errorCodes).toSorted() }] as const
  })
  return entries.toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/** What those have left who were killed at work: between what had settled and what had begun. */
function assertLeft(left: Counted, killed: readonly WorkOrders[]): void {
  for (const [index, kind] of KINDS.entries()) {
    const sum = (of: 'begun' | 'settled'): number =>
      killed.reduce((total, { progress }) => total + progress[of][index]!, 0)
    const { count = 0, errors = 0, errorCodes = {} } = left[kind] ?? {}
    assert.ok(sum('settled') <= count, `${kind}: ${count} counted, ${sum('settled')} settled`)
    assert.ok(count <= sum('begun'), `${kind}: ${count} counted, ${sum('begun')} begun`)
    assert.ok(errors >= 0 && errors <= count)
    assert.equal(
      Object.values(errorCodes).reduce((total, times) => total + times, 0),
      errors,
    )
  }
}

/** Those threads were not idle when they were killed: how many operations had not settled. */
function assertAtWork(killed: readonly WorkOrders[]): number {
  const sum = (words: Int32Array): number => words.reduce((total, count) => total + count, 0)
  const under = killed.map(({ progress }) => sum(progress.begun) - sum(progress.settled))
  const total = under.reduce((all, one) => all + one, 0)
  assert.ok(total > 0, 'they were killed while nothing was under way')
  return total
}

/** `all` without `part`. */
function without(all: Counted, part: Counted): Counted {
  const negative = Object.entries(part).map(([kind, { count, errors, bytes, errorCodes }]) => {
    const codes = Object.entries(errorCodes).map(([code, times]) => [code, -times])
    const minus = { count: -count, errors: -errors, bytes: -bytes }
    return [kind, { ...minus, errorCodes: Object.fromEntries(codes) }]
  })
  return sumOf([all, Object.fromEntries(negative)])
}

/** The histograms of all clients together have a time of each operation that was delivered. */
function assertTimed(
  operations: ActorStats['operations'],
  known: Counted,
  killed: readonly WorkOrders[],
): void {
  for (const [index, kind] of KINDS.entries()) {
    const of = operations[kind] as OperationStats
    const settled = killed.reduce((total, { progress }) => total + progress.settled[index]!, 0)
    const least = known[kind]!.count + settled
    assert.ok(of.total.count >= least && of.total.count <= of.count, `times of ${kind}`)
    assertSums(kind, of, killed.length * LANES)
  }
}

/**
 * Stages sum to the total, and so do busy and idle. A thread may be killed while it records what has
 * completed, and then some of its times are there and others are not: of `cut` operations at most.
 */
function assertSums(kind: string, of: OperationStats, cut: number): void {
  let allowed = 1e-6 * of.total.mean * of.total.count
  const sum = (metric: 'total' | 'busy' | 'idle' | 'queue' | 'batch' | 'kernel' | 'delivery') => {
    const missing = Math.abs(of.total.count - of[metric].count)
    assert.ok(missing <= cut, `${metric} of ${kind}: ${missing} are missing`)
    if (missing > 0) allowed = cut * of.total.max
    return of[metric].mean * of[metric].count
  }
  const total = sum('total')
  const stages = sum('queue') + sum('batch') + sum('kernel') + sum('delivery')
  assert.ok(Math.abs(stages - total) <= allowed, `stages of ${kind}: ${stages}, not ${total}`)
  const both = sum('busy') + sum('idle')
  assert.ok(Math.abs(both - total) <= allowed, `busy and idle of ${kind}: ${both}, not ${total}`)
}

async function withoutDead(actor: Actor, clients: number): Promise<ActorStats> {
  const gone = await eventually(async () => {
    const { clients: connected, inFlight } = await actor.stats()
    return connected.length === clients && inFlight === 0
  }, 20_000)
  assert.ok(gone, 'the actor has let go of those that were killed')
  return actor.stats()
}

test(`${OPERATIONS} mixed operations are counted, each once`, async (t) => {
  t.diagnostic(`URING_ACTOR_COUNTED=${OPERATIONS} URING_ACTOR_COUNT_SEED=${SEED}`)
  await using actor = await spawnActor({ trace: 'histogram' })
  await using crew = new Crew()
  const times = <T>(count: number, each: () => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: count }, each))
  const began = performance.now()
  const [killed, ...done] = await Promise.all([
    times(BUSY_VICTIMS, () => crew.killAtWork()),
    times(CLOSING, () => crew.close()),
    times(STAYING, () => crew.stay(false)),
    times(IDLE_VICTIMS, () => crew.stay(true)),
    accountOf(actor.connect(), crew.orders()),
  ])
  const accounts = done.flat()
  for (const account of accounts) assertAccount(account)

  const stats = await withoutDead(actor, STAYING + 1)
  for (const { id, operations } of stats.clients) {
    const account = accounts.find((each) => each.id === id)
    assert.ok(account !== undefined, `client ${id} is one of those that stay`)
    assert.deepEqual(sorted(countedOf(operations)), sorted(account.counted))
    for (const [kind, of] of Object.entries(operations)) assertSums(kind, of, 0)
  }
  const known = sumOf(accounts.map(({ counted }) => counted))
  const all = countedOf(stats.operations)
  assert.deepEqual(Object.keys(all).toSorted(), [...KINDS].toSorted())
  assertLeft(without(all, known), killed)
  assertTimed(stats.operations, known, killed)
  const total = totalOf(all, 'count')
  // Whoever closes says goodbye, which completes too.
  assert.equal(stats.completed, total + CLOSING)
  assert.equal(stats.errors, totalOf(all, 'errors'))

  t.diagnostic(`${total} operations in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  t.diagnostic(`${assertAtWork(killed)} operations were under way when their threads were killed`)
  assert.ok(total >= OPERATIONS)
  for (const code of ['EBADF', 'ECANCELED']) {
    assert.ok(all.read!.errorCodes[code]! > OPERATIONS / 1000, `there are reads with ${code}`)
  }
})
