import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import type { CaseInput, Comparison, Sample } from '../comparison.ts'
import { BlockBuffer } from '../data/blocks.ts'
import type { GreedyWorkerData } from '../greedy-worker.ts'
import { failureOf } from '../measure/threads.ts'
import { BLOCK_BYTES, drive, Meter, warmUp } from '../meter.ts'

const P99 = 'p99Micros'
const POLITE_DEPTH = 4
const GREEDY_DEPTH = 1024

/** Whether clients read what is cached themselves, as they do by default, or the actor reads all of it. */
interface Way {
  readonly suffix: string
  readonly cachedReads: boolean
}

const WAYS: readonly Way[] = [
  { suffix: '', cachedReads: true },
  { suffix: ', all by the actor', cachedReads: false },
]

/**
 * What a client with few reads in flight waits for while another one has as many as it may. A thread
 * that is busy by itself takes a processor too, so that a case without the actor's part is there to
 * compare with.
 */
export const fairness: Comparison = {
  title: `Latency of a polite client's warm 4 KiB reads, ${POLITE_DEPTH} in flight`,
  file: 'warm',
  metrics: [
    { key: 'p50Micros', label: 'p50 µs', digits: 1 },
    { key: P99, label: 'p99 µs', digits: 1 },
  ],
  cases: WAYS.flatMap((way) => [
    { name: `alone${way.suffix}`, run: (input) => polite(input, 0, way) },
    { name: `beside a polite one${way.suffix}`, run: (input) => polite(input, POLITE_DEPTH, way) },
    { name: `beside a greedy one${way.suffix}`, run: (input) => polite(input, GREEDY_DEPTH, way) },
  ]),
  figures: WAYS.flatMap(({ suffix }) => [
    {
      label: `p99, beside one with ${GREEDY_DEPTH} in flight / one with ${POLITE_DEPTH}${suffix}`,
      how: 'ratio',
      metric: P99,
      of: `beside a greedy one${suffix}`,
      against: `beside a polite one${suffix}`,
      atMost: 3,
    },
    {
      label: `p99, beside one with ${GREEDY_DEPTH} in flight / alone${suffix}`,
      how: 'ratio',
      metric: P99,
      of: `beside a greedy one${suffix}`,
      against: `alone${suffix}`,
    },
  ]),
}

async function polite(
  { file: path, size, seconds }: CaseInput,
  depth: number,
  { cachedReads }: Way,
): Promise<Sample> {
  const actor = await spawnActor({ cachedReads })
  const worker = depth === 0 ? null : await startOther({ file: path, size, depth })
  const file = await actor.connect().open(path, 'r')
  const micros: number[] = []
  const lane = async (meter: Meter): Promise<void> => {
    const buffer = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
    while (meter.next()) {
      const position = meter.position()
      const began = performance.now()
      await file.read(buffer.bytes, 0, BLOCK_BYTES, position)
      micros.push((performance.now() - began) * 1000)
      buffer.verify(0, position / BLOCK_BYTES)
    }
  }
  const others = worker === null ? [] : [failureOf(worker)]
  const run = (meter: Meter) => Promise.race([drive(POLITE_DEPTH, () => lane(meter)), ...others])
  await warmUp(seconds, size, run)
  micros.length = 0
  await run(new Meter(seconds, size))
  await worker?.terminate()
  micros.sort((one, other) => one - other)
  const at = (share: number) => micros[Math.floor(micros.length * share)]!
  return { p50Micros: at(0.5), p99Micros: at(0.99) }
}

async function startOther(data: GreedyWorkerData): Promise<Worker> {
  const worker = new Worker(new URL('../greedy-worker.js', import.meta.url), { workerData: data })
  await once(worker, 'message')
  return worker
}
