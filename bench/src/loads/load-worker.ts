// A worker thread that carries its part of a load: warms up, says so, waits for the start, measures.
import { parentPort, workerData } from 'node:worker_threads'
import { type PartOrders, preparePart } from './part.ts'

const orders = workerData as PartOrders
const measure = await preparePart(orders)
parentPort!.postMessage('warm')
Atomics.wait(new Int32Array(orders.go), 0, 0)
parentPort!.postMessage(await measure())
