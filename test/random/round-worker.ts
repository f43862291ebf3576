// The worker of round.ts: one client.
import { workerData } from 'node:worker_threads'
import runClient from './client-task.ts'
import type { Task } from './plan.ts'

await runClient(workerData as Task)
