// The worker of thread.ts.
import { parentPort, workerData } from 'node:worker_threads'
import type { TaskAnswer, TaskOrders } from './thread.ts'

const { module, task, data } = workerData as TaskOrders

async function perform(): Promise<TaskAnswer> {
  try {
    const tasks = (await import(module)) as Record<string, (data: unknown) => unknown>
    return { kind: 'answer', value: await tasks[task]!(data) }
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    return { kind: 'answer', error: message, code: code ?? null }
  }
}

parentPort!.postMessage(await perform())
