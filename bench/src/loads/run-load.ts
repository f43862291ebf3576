import { Worker } from 'node:worker_threads'
import { type ActorOptions, spawnActor } from '@uring-actor/actor'
import type { CaseInput, Sample } from '../comparison.ts'
import type { LatencyRecorder } from '../measure/latency-recorder.ts'
import { rates, usedSince, usedSoFar } from '../measure/resources.ts'
import { letGo, messageOf } from '../measure/threads.ts'
import type { Load, PeerName } from './load.ts'
import { type PartOrders, type PartResult, preparePart } from './part.ts'
import type { Lanes } from './places.ts'
import { meanStages } from './stages.ts'

/**
 * Carries a load with one peer, from the main thread or from workers, and measures it. `inWorkers` also
 * when it is one.
 */
export async function runLoad(
  peer: PeerName,
  load: Load,
  input: CaseInput,
  recorder: LatencyRecorder,
  inWorkers: boolean = load.workers > 1,
): Promise<Sample> {
  if (peer === 'uring-actor') await spawnActor(roomFor(load))
  const go = new SharedArrayBuffer(4)
  const orders = lanesOf(peer, load).map((lanes) => ({ peer, load, input, lanes, go }))
  const start = await (inWorkers ? beginInWorkers(orders, go) : beginHere(orders[0]!))
  const before = usedSoFar()
  const parts = await start()
  const used = usedSince(before)
  for (const { latency } of parts) recorder.add(latency)
  const operations = parts.reduce((sum, part) => sum + part.operations, 0)
  const seconds = Math.max(...parts.map((part) => part.seconds))
  const stages = parts.flatMap((part) => part.stages ?? [])
  return { ...rates(operations, load.bytes, seconds, used), ...meanStages(stages) }
}

/** The actor's own numbers, or more where the load would not fit. */
function roomFor({ inFlight, workers, bytes, fileCount = 0 }: Load): ActorOptions {
  const perClient = Math.ceil(inFlight / workers)
  return {
    queueDepth: Math.max(1024, inFlight),
    maxClients: Math.max(64, workers + 1),
    channelDepth: Math.max(1024, perClient),
    arenaBytes: Math.max(64 * 2 ** 20, 2 * perClient * bytes),
    maxFiles: Math.max(4096, fileCount),
  }
}

/** Resolves when all is warm, with what then measures. */
type Begin = Promise<() => Promise<PartResult[]>>

async function beginHere(orders: PartOrders): Begin {
  const measure = await preparePart(orders)
  return async () => [await measure()]
}

async function beginInWorkers(orders: readonly PartOrders[], go: SharedArrayBuffer): Begin {
  const module = new URL('./load-worker.js', import.meta.url)
  const workers = orders.map((part) => new Worker(module, { workerData: part }))
  await Promise.all(workers.map((worker) => messageOf(worker)))
  return () => {
    const results = workers.map((worker) => messageOf<PartResult>(worker))
    letGo(go)
    return Promise.all(results)
  }
}

/** Operations in flight are dealt out to the threads; a thread that blocks has one. */
function lanesOf(peer: PeerName, { inFlight, workers }: Load): Lanes[] {
  const count = peer === 'fs sync' ? 1 : Math.floor(inFlight / workers)
  return Array.from({ length: workers }, (_, worker) => ({
    first: worker * count,
    count,
    all: count * workers,
  }))
}
