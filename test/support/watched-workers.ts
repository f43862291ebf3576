// Every Worker that this thread starts, so that a test can end one that the code under test keeps to
// itself. Import it before anything else starts a thread.
import { syncBuiltinESMExports } from 'node:module'
import threads, { type Worker } from 'node:worker_threads'

const startedWorkers: Worker[] = []

const Original = threads.Worker
const preloads: Array<[name: string, module: URL]> = []

threads.Worker = class extends Original {
  constructor(...[script, options]: ConstructorParameters<typeof Original>) {
    const modules = preloads.filter(([name]) => name === options?.name).map(([, url]) => url.href)
    const more = modules.flatMap((module) => ['--import', module])
    const execArgv = [...(options?.execArgv ?? []), ...more]
    super(script, more.length === 0 ? options : { ...options, execArgv })
    startedWorkers.push(this)
  }
}
syncBuiltinESMExports()

/** Threads of this name that start from now on load this module first. */
export function preloadIn(name: string, module: URL): void {
  preloads.push([name, module])
}

/** The running worker of this thread id, of those started since. */
export function workerOf(threadId: number): Worker {
  const found = startedWorkers.find((worker) => worker.threadId === threadId)
  if (found === undefined) throw new Error(`no worker has the thread id ${threadId}`)
  return found
}
