import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { type CaseInput, type Comparison, CPU, OPERATIONS, type Sample } from '../comparison.ts'
import { letGo, messageOf } from '../measure/threads.ts'
import { measure } from '../meter.ts'
import { NO_SIZE, NOP_DEPTH, type NopWorkerData, nopLoad } from '../nop-load.ts'

/** What the path itself costs: to the ring and back, nothing done there. */
export const nops: Comparison = {
  title: `No-op round trips, ${NOP_DEPTH} in flight per client`,
  file: null,
  metrics: [OPERATIONS, CPU],
  cases: [
    { name: 'main thread', role: 'ours', run: fromMainThread },
    { name: 'one worker', role: 'ours', run: (input) => fromWorkers(input, 1) },
    { name: 'two workers, sum', role: 'ours', run: (input) => fromWorkers(input, 2) },
  ],
  figures: [
    {
      label: 'ops/s, one client on the main thread',
      how: 'value',
      metric: OPERATIONS.key,
      of: 'main thread',
      atLeast: 800_000,
    },
    {
      label: 'ops/s, two workers / one worker',
      how: 'ratio',
      metric: OPERATIONS.key,
      of: 'two workers, sum',
      against: 'one worker',
      atLeast: 1,
    },
  ],
}

async function fromMainThread({ seconds }: CaseInput): Promise<Sample> {
  const actor = await spawnActor()
  return measure(seconds, NO_SIZE, nopLoad(actor.connect()))
}

/** Each worker has a client of its own; they begin to measure when all are warm. */
async function fromWorkers({ seconds }: CaseInput, count: number): Promise<Sample> {
  await spawnActor()
  const data: NopWorkerData = { seconds, go: new SharedArrayBuffer(4) }
  const module = new URL('../nop-worker.js', import.meta.url)
  const workers = Array.from({ length: count }, () => new Worker(module, { workerData: data }))
  await Promise.all(workers.map((worker) => messageOf(worker)))
  const cpuBefore = process.cpuUsage()
  const results = workers.map((worker) => messageOf<Sample>(worker))
  letGo(data.go)
  const samples = await Promise.all(results)
  const { user, system } = process.cpuUsage(cpuBefore)
  const sum = (metric: string) => samples.reduce((total, sample) => total + sample[metric]!, 0)
  return {
    operationsPerSecond: sum('operationsPerSecond'),
    cpuMicros: (user + system) / sum('operations'),
  }
}
