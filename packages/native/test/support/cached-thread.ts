// The worker of cached-reads.test.ts: reads from a file that another thread has offered.
import { parentPort, workerData } from 'node:worker_threads'
import { type Ask, readCached } from './cached.ts'

const memory = new Uint8Array(1000)
const { result } = readCached(workerData as Ask, memory)
parentPort!.postMessage([result, memory])
