// Starting the worker of thread.ts and seeing it end.
import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { ThreadOrders, ThreadReport } from './thread.ts'

export function exitWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(64))
}

export async function startThread(orders: ThreadOrders): Promise<{
  worker: Worker
  report: ThreadReport
  ended: Promise<{ code: number; error?: Error }>
}> {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: orders })
  let error: Error | undefined
  worker.on('error', (thrown: Error) => {
    error = thrown
  })
  const ended = new Promise<{ code: number; error?: Error }>((resolve) => {
    worker.on('exit', (code) => resolve(error === undefined ? { code } : { code, error }))
  })
  let report: ThreadReport | undefined
  // Not events.once(): it rejects when the thread's error is heard of before its message.
  const reported = new Promise<void>((resolve) => {
    worker.once('message', (message: ThreadReport) => {
      report = message
      resolve()
    })
  })
  await Promise.race([reported, ended])
  if (report === undefined) throw error ?? new Error('the thread ended without a report')
  return { worker, report, ended }
}

/** How many descriptors this process has open. */
export function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}
