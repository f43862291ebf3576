import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import type { CaseInput, Comparison, Sample } from '../comparison.ts'
import type { GreedyWorkerData } from '../greedy-worker.ts'
import { BLOCK_BYTES, Meter } from '../meter.ts'

const P99 = 'p99Micros'
const POLITE_DEPTH = 4
const GREEDY_DEPTH = 1024

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
  cases: [
    { name: 'alone', run: (input) => polite(input, 0) },
    { name: 'beside a polite one', run: (input) => polite(input, POLITE_DEPTH) },
    { name: 'beside a greedy one', run: (input) => polite(input, GREEDY_DEPTH) },
  ],
  figures: [
    {
      label: `p99, beside one with ${GREEDY_DEPTH} in flight / one with ${POLITE_DEPTH}`,
      how: 'ratio',
      metric: P99,
      of: 'beside a greedy one',
      against: 'beside a polite one',
      atMost: 3,
    },
    {
      label: `p99, beside one with ${GREEDY_DEPTH} in flight / alone`,
      how: 'ratio',
      metric: P99,
      of: 'beside a greedy one',
      against: 'alone',
    },
  ],
}

async function polite({ file: path, size, seconds }: CaseInput, depth: number): Promise<Sample> {
  const actor = await spawnActor()
  const worker = depth === 0 ? null : await startOther({ file: path, size, depth })
  const file = await actor.connect().open(path, 'r')
  const micros: number[] = []
  const lane = async (meter: Meter): Promise<void> => {
    const buffer = Buffer.alloc(BLOCK_BYTES)
    while (meter.next()) {
      const began = performance.now()
      await file.read(buffer, 0, BLOCK_BYTES, meter.position())
      micros.push((performance.now() - began) * 1000)
    }
  }
  const run = (meter: Meter) => Promise.all(Array.from({ length: POLITE_DEPTH }, () => lane(meter)))
  await run(new Meter(Math.min(0.3, seconds), size))
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
