// The worker of thread-end.test.ts: a client with an operation outstanding, which exits as it is told.
import { MessageChannel, workerData } from 'node:worker_threads'
import {
  type ActorAddress,
  CHANNEL_CLIENT_STATE,
  CLIENT_WAITING,
  channelBytes,
  HEADER_BYTES,
  OPERATION_NOP,
} from '#dist/protocol/index.js'
import { startRequest } from '#dist/transport/start-request.js'
import { Transport } from '#dist/transport/transport.js'

export interface Orders {
  how: 'exit' | 'end' | 'closed'
  /** Whether a wait stood in the channel while it ran, and how many did when it exited. */
  seen: Int32Array
}

const { how, seen } = workerData as Orders
const CAPACITY = 8
const address = {
  header: new SharedArrayBuffer(HEADER_BYTES),
  doorbell: -1,
  task: 0,
  limits: {
    channelDepth: CAPACITY,
    arenaBytes: 2 ** 20,
    maxClients: 1,
    spinMicros: 0,
    earlyRequests: 0,
  },
} as unknown as ActorAddress
const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
const words = new Int32Array(channel)
const { port1 } = new MessageChannel()
const listeners = process.listenerCount('exit')
const other = new Transport(address, new SharedArrayBuffer(channelBytes(CAPACITY)), port1)
const transport = new Transport(address, channel, port1)
seen[2] = process.listenerCount('exit') - listeners

startRequest(
  transport,
  { operation: OPERATION_NOP },
  () => {},
  () => {},
  null,
  0,
)
setTimeout(() => {
  seen[0] = Atomics.load(words, CHANNEL_CLIENT_STATE) === CLIENT_WAITING ? 1 : 0
  other.close()
  if (how === 'exit') process.exit(0)
  if (how === 'closed') transport.close()
  port1.close()
}, 20)
// After the transport's own: whoever notifies now finds what is left.
process.once('exit', () => {
  seen[1] = Atomics.notify(words, CHANNEL_CLIENT_STATE)
})
