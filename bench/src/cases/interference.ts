import { pbkdf2 } from 'node:crypto'
import { lookup } from 'node:dns'
import { createHistogram, monitorEventLoopDelay, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import {
  type Case,
  type CaseInput,
  type Comparison,
  OPERATIONS,
  type Sample,
} from '../comparison.ts'
import type { Load, PeerName } from '../loads/load.ts'
import { runLoad } from '../loads/run-load.ts'
import type { LatencyRecorder } from '../measure/latency-recorder.ts'
import { directRefusal } from '../peers.ts'

/** O_DIRECT, so that each read is a while on its way and holds what it holds as long. */
const LOAD: Load = {
  operation: 'read',
  access: 'random',
  cache: 'direct',
  inFlight: 128,
  workers: 1,
  bytes: 4096,
}
const BETWEEN_PROBES_MILLIS = 2
const HASH_ROUNDS = 1000
const OURS = 'uring-actor'
const ALONE = 'no load'
const POOL = 'fs.promises, pool of 4'
const LARGE_POOL = 'fs.promises, pool of 64'

/**
 * What else a program does while files are read: hashing and looking up names are done by the threads of
 * libuv's pool, which fs.promises reads with, and all of it needs the main thread's event loop.
 */
export const interference: Comparison = {
  title: `Beside ${LOAD.inFlight} O_DIRECT reads in flight from the main thread: what else it does`,
  file: 'cold',
  metrics: [
    OPERATIONS,
    { key: 'hashP50Micros', label: 'pbkdf2 p50 µs', digits: 0 },
    { key: 'hashP99Micros', label: 'p99 µs', digits: 0 },
    { key: 'lookupP50Micros', label: 'dns.lookup p50 µs', digits: 0 },
    { key: 'lookupP99Micros', label: 'p99 µs', digits: 0 },
    { key: 'loopP50Micros', label: 'event loop late p50 µs', digits: 0 },
    { key: 'loopP99Micros', label: 'p99 µs', digits: 0 },
  ],
  cases: [
    { name: ALONE, run: (input) => alone(input) },
    { ...beside(OURS, 'uring-actor'), role: 'ours' },
    { ...beside(POOL, 'fs.promises'), threadPool: 4 },
    { ...beside(LARGE_POOL, 'fs.promises'), threadPool: 64 },
  ],
  figures: [POOL, LARGE_POOL].flatMap((against) =>
    (
      [
        ['hashP50Micros', 'pbkdf2 p50'],
        ['lookupP50Micros', 'dns.lookup p50'],
        ['loopP99Micros', 'event loop late p99'],
      ] as const
    ).map(([metric, label]) => ({
      label: `${label}, beside ours / beside ${against}`,
      how: 'ratio' as const,
      metric,
      of: OURS,
      against,
    })),
  ),
}

function beside(name: string, peer: PeerName): Case {
  return {
    name,
    run: (input, latency) => loaded(peer, input, latency),
    missing: ({ file }) => directRefusal(file),
  }
}

async function alone({ seconds }: CaseInput): Promise<Sample> {
  const probes = new Probes()
  await delay(seconds * 1000)
  return probes.end()
}

/** The probes run while the load warms up too. */
async function loaded(peer: PeerName, input: CaseInput, latency: LatencyRecorder): Promise<Sample> {
  const probes = new Probes()
  const sample = await runLoad(peer, LOAD, input, latency)
  return { ...sample, ...(await probes.end()) }
}

/** Does the other things, one after the other, until it is ended. */
class Probes {
  readonly #hash = createHistogram()
  readonly #lookup = createHistogram()
  readonly #loop = monitorEventLoopDelay({ resolution: 1 })
  readonly #running: Promise<void>
  #ended = false

  constructor() {
    this.#loop.enable()
    this.#running = this.#run()
  }

  async end(): Promise<Sample> {
    this.#ended = true
    await this.#running
    this.#loop.disable()
    // The histogram's times hold the millisecond that it waits for itself.
    const late = (percentile: number) =>
      Math.max(0, this.#loop.percentile(percentile) / 1000 - 1000)
    return {
      ...percentilesOf('hash', this.#hash),
      ...percentilesOf('lookup', this.#lookup),
      loopP50Micros: late(50),
      loopP99Micros: late(99),
    }
  }

  async #run(): Promise<void> {
    const hash = promisify(pbkdf2)
    const find = promisify(lookup)
    while (!this.#ended) {
      let began = performance.now()
      await hash('password', 'salt', HASH_ROUNDS, 32, 'sha256')
      record(this.#hash, began)
      began = performance.now()
      await find('localhost')
      record(this.#lookup, began)
      await delay(BETWEEN_PROBES_MILLIS)
    }
  }
}

function record(histogram: RecordableHistogram, began: number): void {
  histogram.record(Math.max(1, Math.round((performance.now() - began) * 1e6)))
}

function percentilesOf(name: string, histogram: RecordableHistogram): Sample {
  return {
    [`${name}P50Micros`]: histogram.percentile(50) / 1000,
    [`${name}P99Micros`]: histogram.percentile(99) / 1000,
  }
}
