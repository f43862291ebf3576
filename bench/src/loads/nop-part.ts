// A worker thread of the overhead comparison: warms up, says so, waits for the start, measures.
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { LatencyRecorder } from '../measure/latency-recorder.ts'
import type { PartResult } from './part.ts'
import { Span } from './span.ts'
import { type StageSums, stageSums } from './stages.ts'

export interface NopPartOrders {
  readonly depth: number
  readonly seconds: number
  /** In seconds. */
  readonly warmUp: number
  /** One word: 0 until the measurement begins. */
  readonly go: SharedArrayBuffer
}

export interface NopPartResult extends PartResult {
  readonly stages: StageSums
}

const { depth, seconds, warmUp, go } = workerData as NopPartOrders
const client = connect()
await run(new Span(warmUp, null))
parentPort!.postMessage('warm')
Atomics.wait(new Int32Array(go), 0, 0)
const before = stageSums(client.latency())
const recorder = new LatencyRecorder()
const span = new Span(seconds, recorder)
await run(span)
const result: NopPartResult = {
  operations: span.operations,
  seconds: (performance.now() - span.began) / 1000,
  latency: recorder.raw(),
  stages: stageSums(client.latency(), before),
}
parentPort!.postMessage(result)

async function run(span: Span): Promise<void> {
  const lane = async (): Promise<void> => {
    let began = performance.now()
    while (began < span.end) {
      await client.nop()
      began = span.done(began)
    }
  }
  await Promise.all(Array.from({ length: depth }, lane))
}
