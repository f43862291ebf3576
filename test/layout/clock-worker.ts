// A thread that is younger than the process: posts what both clocks say there.
import { parentPort } from 'node:worker_threads'
import { readClocks } from './clock-readings.ts'

parentPort!.postMessage(readClocks())
