import { Worker } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import {
  type Case,
  type CaseInput,
  type Comparison,
  CPU,
  METRIC_KEYS,
  OPERATIONS,
  type Sample,
} from '../comparison.ts'
import type { NopPartOrders, NopPartResult } from '../loads/nop-part.ts'
import { meanStages } from '../loads/stages.ts'
import type { LatencyRecorder } from '../measure/latency-recorder.ts'
import { rates, usedSince, usedSoFar } from '../measure/resources.ts'
import { letGo, messageOf } from '../measure/threads.ts'
import { warmUpSeconds } from '../meter.ts'

const BATCH = 'operationsPerEnter'
const DEPTHS = [1, 32, 512] as const
const CLIENTS = [1, 2, 4] as const
/** Operations take little longer than their way: no-ops, there and back. */
export const overhead: Comparison = {
  title: 'The way there and back: no-ops, by depth and number of clients, each a worker of its own',
  file: null,
  metrics: [
    OPERATIONS,
    CPU,
    { key: METRIC_KEYS.p50, label: 'p50 µs', digits: 1 },
    { key: METRIC_KEYS.p99, label: 'p99 µs', digits: 1 },
    { key: METRIC_KEYS.queue, label: 'queue µs', digits: 2 },
    { key: METRIC_KEYS.batch, label: 'batch µs', digits: 2 },
    { key: METRIC_KEYS.kernel, label: 'kernel µs', digits: 2 },
    { key: METRIC_KEYS.delivery, label: 'delivery µs', digits: 2 },
    { key: BATCH, label: 'ops/io_uring_enter', digits: 1 },
  ],
  cases: CLIENTS.flatMap((clients) => DEPTHS.map((depth) => nopCase(clients, depth))),
  figures: DEPTHS.map((depth) => ({
    label: `ops/s, four clients / one, ${depth} in flight each`,
    how: 'ratio',
    metric: OPERATIONS.key,
    of: nameOf(4, depth),
    against: nameOf(1, depth),
  })),
}

function nameOf(clients: number, depth: number): string {
  return `${clients === 1 ? 'one client' : `${clients} clients`}, ${depth} in flight each`
}

function nopCase(clients: number, depth: number): Case {
  return {
    name: nameOf(clients, depth),
    role: 'ours',
    run: (input, latency) => runNops(clients, depth, input, latency),
  }
}

async function runNops(
  clients: number,
  depth: number,
  { seconds }: CaseInput,
  latency: LatencyRecorder,
): Promise<Sample> {
  const actor = await spawnActor()
  const warmUp = warmUpSeconds(clients, seconds)
  const orders: NopPartOrders = { depth, seconds, warmUp, go: new SharedArrayBuffer(4) }
  const module = new URL('../loads/nop-part.js', import.meta.url)
  const workers = Array.from({ length: clients }, () => new Worker(module, { workerData: orders }))
  await Promise.all(workers.map((worker) => messageOf(worker)))
  const before = await actor.stats()
  const used = usedSoFar()
  const results = workers.map((worker) => messageOf<NopPartResult>(worker))
  letGo(orders.go)
  const parts = await Promise.all(results)
  const spent = usedSince(used)
  for (const part of parts) latency.add(part.latency)
  const operations = parts.reduce((sum, part) => sum + part.operations, 0)
  const elapsed = Math.max(...parts.map((part) => part.seconds))
  return {
    ...rates(operations, 0, elapsed, spent),
    ...meanStages(parts.map(({ stages }) => stages)),
    [BATCH]: await batchSince(actor, before),
  }
}

async function batchSince(actor: Actor, before: Awaited<ReturnType<Actor['stats']>>) {
  const { submitted, enters } = await actor.stats()
  return (submitted - before.submitted) / (enters - before.enters)
}
