// Every Worker that this thread starts, so that a test can end one that the code under test keeps to
// itself. Import it before anything else starts a thread.
import { syncBuiltinESMExports } from 'node:module'
import threads, { type Worker } from 'node:worker_threads'

const startedWorkers: Worker[] = []

const Original = threads.Worker

threads.Worker = class extends Original {
  constructor(...how: ConstructorParameters<typeof Original>) {
    super(...how)
    startedWorkers.push(this)
  }
}
syncBuiltinESMExports()

/** The running worker of this thread id, of those started since. */
export function workerOf(threadId: number): Worker {
  const found = startedWorkers.find((worker) => worker.threadId === threadId)
  if (found === undefined) throw new Error(`no worker has the thread id ${threadId}`)
  return found
}
