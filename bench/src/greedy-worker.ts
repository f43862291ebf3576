// A worker thread of the fairness comparison: keeps many reads in flight until its process ends.
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { BlockBuffer } from './data/blocks.ts'
import { BLOCK_BYTES, Meter } from './meter.ts'

export interface GreedyWorkerData {
  readonly file: string
  readonly size: number
  readonly depth: number
}

const { file: path, size, depth } = workerData as GreedyWorkerData
const file = await connect().open(path, 'r')
const meter = new Meter(Number.POSITIVE_INFINITY, size)
async function lane(): Promise<void> {
  const buffer = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  for (;;) {
    const position = meter.position()
    await file.read(buffer.bytes, 0, BLOCK_BYTES, position)
    buffer.verify(0, position / BLOCK_BYTES)
  }
}
for (let count = 0; count < depth; count++) void lane()
parentPort!.postMessage('busy')
