import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import {
  type Case,
  type CaseInput,
  type Comparison,
  type Figure,
  METRIC_KEYS,
  type Metric,
  OPERATIONS,
  type Sample,
} from '../comparison.ts'
import type { Load, PeerName } from '../loads/load.ts'
import type { PartOrders } from '../loads/part.ts'
import { runLoad } from '../loads/run-load.ts'
import type { LatencyRecorder } from '../measure/latency-recorder.ts'
import { failureOf, letGo, messageOf } from '../measure/threads.ts'

const READS = { operation: 'read', access: 'random', cache: 'warm', bytes: 4096 } as const
const POLITE: Load = { ...READS, inFlight: 4, workers: 1 }
const GREEDY: Load = { ...READS, inFlight: 1024, workers: 1 }
const HALF: Load = { ...READS, inFlight: 32, workers: 1 }
/** The event loop is busy for half of the time, as long at once as rendering a page takes. */
const BUSY_MILLIS = 5
const PAUSE_MILLIS = 5

const PEERS = [
  { label: 'uring-actor', peer: 'uring-actor', role: 'ours' },
  { label: 'fs.promises, pool of 4', peer: 'fs.promises', threadPool: 4 },
  { label: 'fs.promises, pool of 64', peer: 'fs.promises', threadPool: 64 },
] as const

const METRICS: Metric[] = [
  OPERATIONS,
  { key: METRIC_KEYS.p50, label: 'p50 µs', digits: 1 },
  { key: METRIC_KEYS.p90, label: 'p90 µs', digits: 1 },
  { key: METRIC_KEYS.p99, label: 'p99 µs', digits: 1 },
  { key: METRIC_KEYS.p999, label: 'p99.9 µs', digits: 1 },
  { key: METRIC_KEYS.p9999, label: 'p99.99 µs', digits: 1 },
  { key: METRIC_KEYS.max, label: 'max µs', digits: 0 },
]

/** A client that wants little, beside one that wants as much as it may. */
export const greedy: Comparison = {
  title: `Tails of ${POLITE.inFlight} warm reads in flight, beside a thread with ${GREEDY.inFlight}`,
  file: 'warm',
  metrics: METRICS,
  cases: PEERS.flatMap((one) => [
    tailCase(one, 'alone', (input, latency) => runLoad(one.peer, POLITE, input, latency)),
    tailCase(one, 'beside a greedy one', (input, latency) =>
      besideGreedy(one.peer, input, latency),
    ),
  ]),
  figures: figures('beside a greedy one'),
}

/** A thread that has other things to do, and one beside it that has not. */
export const busyLoop: Comparison = {
  title: `Tails of ${HALF.inFlight} warm reads in flight, while the main thread's event loop is busy half of the time`,
  file: 'warm',
  metrics: METRICS,
  cases: PEERS.flatMap((one) => [
    tailCase(one, 'on that loop', (input, latency) =>
      besideBusy(() => runLoad(one.peer, HALF, input, latency)),
    ),
    tailCase(one, 'in a worker', (input, latency) =>
      besideBusy(() => runLoad(one.peer, HALF, input, latency, true)),
    ),
  ]),
  figures: [...figures('on that loop'), ...figures('in a worker')],
}

function tailCase(
  { label, ...rest }: (typeof PEERS)[number],
  where: string,
  run: Case['run'],
): Case {
  const { peer: _peer, ...about } = rest
  return { ...about, name: `${label}, ${where}`, run }
}

function figures(where: string): Figure[] {
  return PEERS.slice(1).map(({ label }) => ({
    label: `p99, ours / ${label}, ${where}`,
    how: 'ratio',
    metric: METRIC_KEYS.p99,
    of: `uring-actor, ${where}`,
    against: `${label}, ${where}`,
  }))
}

async function besideGreedy(
  peer: PeerName,
  input: CaseInput,
  latency: LatencyRecorder,
): Promise<Sample> {
  if (peer === 'uring-actor') await spawnActor()
  const go = new SharedArrayBuffer(4)
  const lanes = { first: 0, count: GREEDY.inFlight, all: GREEDY.inFlight }
  // It reads until it is ended.
  const endless = { ...input, seconds: 24 * 3600 }
  const workerData: PartOrders = { peer, load: GREEDY, input: endless, lanes, go }
  const worker = new Worker(new URL('../loads/load-worker.js', import.meta.url), { workerData })
  await messageOf(worker)
  letGo(go)
  const sample = await Promise.race([runLoad(peer, POLITE, input, latency), failureOf(worker)])
  await worker.terminate()
  return sample
}

async function besideBusy(run: () => Promise<Sample>): Promise<Sample> {
  let timer: NodeJS.Timeout
  const beBusy = (): void => {
    const until = performance.now() + BUSY_MILLIS
    while (performance.now() < until);
    timer = setTimeout(beBusy, PAUSE_MILLIS)
  }
  timer = setTimeout(beBusy, PAUSE_MILLIS)
  try {
    return await run()
  } finally {
    clearTimeout(timer)
  }
}
