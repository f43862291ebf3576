// The worker of these tests. It has everything open that must be put away at its end, says so, and
// then ends in the way it was told.
import { parentPort, threadId, workerData } from 'node:worker_threads'
import { arena, binding, TestRing } from './ring.ts'

export interface ThreadOrders {
  end: 'return' | 'exit' | 'throw' | 'terminate'
  words: Int32Array<SharedArrayBuffer>
  endless: number
}

export interface ThreadReport {
  thread: number
  claimed: boolean
  doorbell: number
  ringFd: number
}

const orders = workerData as ThreadOrders
binding.storeOnExit(orders.words, 0, 7)

const memory = arena(4096)
const ring = new TestRing()
ring.native.registerRingFd()
for (let posted = 0; posted < orders.endless; posted++) ring.postEndless(memory)
if (orders.endless > 0) ring.submit(orders.endless, 0)

const waker = binding.createWaker(() => {})
if (typeof waker === 'number') throw new Error(`createWaker returned ${waker}`)

const report: ThreadReport = {
  thread: threadId,
  claimed: binding.claim(),
  doorbell: binding.doorbell(),
  ringFd: ring.native.fd,
}
parentPort!.postMessage(report)

if (orders.end === 'terminate') waker.ref()
if (orders.end === 'exit') process.exit(3)
if (orders.end === 'throw') throw new Error('the end of this thread')
