// What the threads of the counters test do.
import assert from 'node:assert/strict'
import { threadId as ownThreadId, parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { type Counted, countedOf, MixedWork, type WorkOrders } from './mixed-work.ts'
import { assertSound, SpanLog } from './span-log.ts'

/** What a client has counted, and what the actor has, by its statistics. */
export interface Account {
  id: number
  counted: Counted
  stats: Counted
  /** How many times are in the client's histograms, by kind. */
  timed: Record<string, number>
}

/** Works, compares notes, and closes. */
export async function workAndClose(orders: WorkOrders): Promise<Account> {
  const client = connect()
  const account = await accountOf(client, orders)
  await client.close()
  return account
}

/** Works, hands its account over, and stays until it is killed. */
export async function workAndStay(orders: WorkOrders): Promise<never> {
  parentPort!.postMessage(await accountOf(connect(), orders))
  return stay()
}

/** Works until it is killed. */
export async function workOn(orders: WorkOrders): Promise<never> {
  await new MixedWork(connect(), orders).run()
  return stay()
}

export async function accountOf(
  client: ReturnType<typeof connect>,
  orders: WorkOrders,
): Promise<Account> {
  const work = new MixedWork(client, orders)
  await work.run()
  const { id, operations } = await client.stats()
  const timed = Object.entries(client.latency()).map(([kind, { total }]) => [kind, total.count])
  return {
    id,
    counted: work.counted,
    stats: countedOf(operations),
    timed: Object.fromEntries(timed),
  }
}

/** Works with a span of each operation; returns how many were sound, by kind, and how many failed. */
export async function workTraced(
  orders: WorkOrders,
): Promise<{ counted: Counted; spans: Record<string, number>; failed: number }> {
  using log = new SpanLog()
  const client = connect()
  const work = new MixedWork(client, orders)
  await work.run()
  const spans: Record<string, number> = {}
  let failed = 0
  for (const { operation, stages, result, error, threadId } of log.spans) {
    assertSound(stages!)
    assert.equal(threadId, ownThreadId)
    assert.ok((result === undefined) !== (error === undefined), 'it has succeeded, or failed')
    if (error !== undefined) failed++
    spans[operation] = (spans[operation] ?? 0) + 1
  }
  await client.close()
  return { counted: work.counted, spans, failed }
}

function stay(): Promise<never> {
  setInterval(() => {}, 1 << 30)
  return new Promise(() => {})
}
