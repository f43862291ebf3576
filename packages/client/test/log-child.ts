// The process of log.test.ts: writes lines to its stderr in the way that its argument names.
import { closeSync } from 'node:fs'
import { isMainThread, threadId, Worker, workerData } from 'node:worker_threads'
import { writeLine } from '#dist/trace/log.js'

const how = process.argv[2]

function write(position: number): void {
  writeLine({
    operation: 'read',
    threadId,
    file: '/a/file',
    position,
    length: 4096,
    startTime: Date.now(),
    result: 4096,
    error: undefined,
    blocking: false,
    stages: { total: 3, busy: 2, idle: 1, queue: 1, batch: 0, kernel: 1, delivery: 1 },
  })
}

if (!isMainThread) {
  for (let position = 0; position < 100; position++) write(position)
  const done = workerData as Int32Array
  Atomics.store(done, 0, 1)
  Atomics.notify(done, 0)
} else if (how === 'blocked') {
  const done = new Int32Array(new SharedArrayBuffer(4))
  new Worker(new URL(import.meta.url), { workerData: done })
  Atomics.wait(done, 0, 0, 20_000)
  // Exits before the event loop could have brought anything of the worker's.
  process.exit(Atomics.load(done, 0) === 1 ? 0 : 1)
} else if (how === 'full') {
  // Node makes a pipe non-blocking when process.stderr is first asked for.
  process.stderr.write('')
  for (let position = 0; position < 20_000; position++) write(position)
} else {
  closeSync(2)
  write(0)
  console.log('went on')
}
