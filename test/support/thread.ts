// Runs one exported function of a module in a worker thread of its own; the thread tells what came of it.
import { Worker, type WorkerOptions } from 'node:worker_threads'

export interface TaskOrders {
  module: string
  task: string
  data: unknown
}

export type TaskAnswer =
  | { kind: 'answer'; value: unknown }
  | { kind: 'answer'; error: string; code: string | null }

function isAnswer(message: unknown): message is TaskAnswer {
  return (message as TaskAnswer | null)?.kind === 'answer'
}

/** A thread that runs a task, and the promise of its answer. The task may post messages of its own. */
export interface TaskThread<T> {
  worker: Worker
  result: Promise<T>
  ended: Promise<number>
}

export function startTask<T>(
  module: URL,
  task: string,
  data?: unknown,
  options: WorkerOptions = {},
): TaskThread<T> {
  const orders: TaskOrders = { module: module.href, task, data }
  const file = new URL('./task-thread.js', import.meta.url)
  const worker = new Worker(file, { ...options, workerData: orders })
  const ended = new Promise<number>((resolve) => {
    worker.once('exit', resolve)
  })
  const result = new Promise<T>((resolve, reject) => {
    worker.once('error', reject)
    worker.on('message', (answer: unknown) => {
      if (!isAnswer(answer)) return
      if ('value' in answer) resolve(answer.value as T)
      else reject(Object.assign(new Error(answer.error), { code: answer.code }))
    })
    void ended.then((code) => reject(new Error(`the thread ended with ${code} and no answer`)))
  })
  // A test that terminates the thread may have no interest in the answer.
  result.catch(() => {})
  return { worker, result, ended }
}

/** Runs a task to its end: the thread has ended by itself when this resolves. */
export async function runTask<T>(module: URL, task: string, data?: unknown): Promise<T> {
  const { result, ended } = startTask<T>(module, task, data)
  const value = await result
  await ended
  return value
}
