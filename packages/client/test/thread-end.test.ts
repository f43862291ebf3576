// A thread that exits leaves no wait behind that somebody could notify while it is taken apart.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Orders } from './thread-end-task.ts'

for (const how of ['exit', 'end', 'closed'] as const) {
  test(`no wait is left in a channel: ${how}`, async () => {
    const seen = new Int32Array(new SharedArrayBuffer(12)).fill(-1)
    const workerData: Orders = { how, seen }
    const worker = new Worker(new URL('./thread-end-task.js', import.meta.url), { workerData })
    assert.deepEqual(await once(worker, 'exit'), [0])
    const [waited, left, listeners] = seen
    assert.equal(waited, 1, 'it waited')
    assert.equal(left, 0, 'a wait was left')
    assert.equal(listeners, 1, 'two clients of a thread have one listener')
  })
}
