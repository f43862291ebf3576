import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { CaseInput, Comparison, Sample } from '../comparison.ts'
import { BlockBuffer } from '../data/blocks.ts'
import { BLOCK_BYTES } from '../meter.ts'

const METRIC = 'addedMiB'
/** Clients whose mean is taken: one alone is less than what the heap grows by anyway. */
const CLIENTS = 16

/** What the process's resident memory grows by. */
export const memory: Comparison = {
  title: 'Resident memory',
  file: 'warm',
  collects: true,
  metrics: [{ key: METRIC, label: 'RSS added, MiB', digits: 2 }],
  cases: [
    { name: 'bare worker', run: () => addedBy(startWorker) },
    { name: 'idle actor', run: () => addedBy(spawnActor) },
    { name: 'connected client that has read once', run: addedByClient },
  ],
  figures: [
    {
      label: 'idle actor above a bare worker, MiB',
      how: 'difference',
      metric: METRIC,
      of: 'idle actor',
      against: 'bare worker',
      atMost: 40,
    },
    {
      label: 'connected client, MiB',
      how: 'value',
      metric: METRIC,
      of: 'connected client that has read once',
      atMost: 2,
    },
  ],
}

async function addedBy(start: () => Promise<unknown>): Promise<Sample> {
  const before = await settledMiB()
  await start()
  return { [METRIC]: (await settledMiB()) - before }
}

async function startWorker(): Promise<void> {
  const script = 'require("node:worker_threads").parentPort.on("message", () => {})'
  const worker = new Worker(script, { eval: true })
  await once(worker, 'online')
  worker.unref()
}

async function addedByClient({ file }: CaseInput): Promise<Sample> {
  const actor = await spawnActor()
  // The first one loads and compiles code that the others share.
  const block = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  await connectAndRead(actor, file, block)
  const before = await settledMiB()
  for (let count = 0; count < CLIENTS; count++) await connectAndRead(actor, file, block)
  return { [METRIC]: ((await settledMiB()) - before) / CLIENTS }
}

async function connectAndRead(actor: Actor, path: string, block: BlockBuffer): Promise<void> {
  const file = await actor.connect().open(path, 'r')
  await file.read(block.bytes, 0, BLOCK_BYTES, 0)
  block.verify(0, 0)
}

async function settledMiB(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc!()
    await delay(100)
  }
  return process.memoryUsage.rss() / 2 ** 20
}
