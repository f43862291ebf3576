// A worker thread of the no-op comparison: warms up, says so, waits for the start, measures.
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { timed, warmUp } from './meter.ts'
import { NO_SIZE, type NopWorkerData, nopLoad } from './nop-load.ts'

const { seconds, go } = workerData as NopWorkerData
const load = nopLoad(connect())
await warmUp(seconds, NO_SIZE, load)
parentPort!.postMessage('warm')
Atomics.wait(new Int32Array(go), 0, 0)
parentPort!.postMessage(await timed(seconds, NO_SIZE, load))
