import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { type CaseInput, type Comparison, EXIT, type Sample } from '../comparison.ts'
import { BlockBuffer } from '../data/blocks.ts'
import { BLOCK_BYTES } from '../meter.ts'

const FIRST_READ = 'firstReadMillis'

/** The beginning and the end of a process that reads one block. */
export const start: Comparison = {
  title: 'From spawnActor() to the first completed read, and the end without close()',
  file: 'warm',
  metrics: [{ key: FIRST_READ, label: 'first read (message), ms', digits: 1 }, EXIT],
  cases: [
    { name: 'uring-actor', role: 'ours', run: readOnce },
    { name: 'bare worker', run: startWorker },
    { name: 'bare process', run: () => ({}) },
  ],
  figures: [
    {
      label: 'spawnActor() to first read, ms',
      how: 'value',
      metric: FIRST_READ,
      of: 'uring-actor',
      atMost: 100,
    },
    {
      label: 'the same / the first message of a bare worker',
      how: 'ratio',
      metric: FIRST_READ,
      of: 'uring-actor',
      against: 'bare worker',
    },
    {
      label: 'exits by itself: ms more than a bare process takes',
      how: 'difference',
      metric: EXIT.key,
      of: 'uring-actor',
      against: 'bare process',
    },
  ],
}

async function readOnce({ file: path }: CaseInput): Promise<Sample> {
  const block = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  const began = performance.now()
  const actor = await spawnActor()
  const file = await actor.connect().open(path, 'r')
  await file.read(block.bytes, 0, BLOCK_BYTES, 0)
  const firstRead = performance.now() - began
  block.verify(0, 0)
  return { [FIRST_READ]: firstRead }
}

/** What any thread takes until it is heard of. */
async function startWorker(): Promise<Sample> {
  const began = performance.now()
  const script = 'require("node:worker_threads").parentPort.postMessage(1)'
  await once(new Worker(script, { eval: true }), 'message')
  return { [FIRST_READ]: performance.now() - began }
}
