import { spawnActor } from '@uring-actor/actor'
import {
  CHANNEL_REQUEST_HEAD,
  channelBytes,
  OPERATION_READ,
  REQUEST_LEN,
  REQUEST_OPERATION,
  REQUEST_WORDS,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import { Bench } from 'tinybench'
import { Operation } from '../../../packages/client/dist/transport/operation.js'
import { RequestRing } from '../../../packages/client/dist/transport/request-ring.js'
import type { Case, CaseInput, Comparison, Sample } from '../comparison.ts'

const METRIC = 'nanos'
/** Repetitions that are timed together: one alone is shorter than a look at the clock. */
const BATCH = 256
const CAPACITY = 1024

/** The steps of an operation, each by itself. */
export const micro: Comparison = {
  title: 'Micro-benchmarks (tinybench), median of batches of 256',
  file: null,
  metrics: [{ key: METRIC, label: 'ns each', digits: 1 }],
  cases: [
    microCase('encode a request', encode),
    microCase('post + drain a channel, one thread', postAndDrain),
    microCase('lease + release', leaseAndRelease),
    microCase('nop round trip, 1 in flight', nopOneByOne),
    microCase('nop round trip, 256 in flight', nopAllAtOnce),
  ],
  figures: [],
}

/** Returns what does one batch. */
type Prepare = () => Batch | Promise<Batch>
type Batch = () => unknown

function microCase(name: string, prepare: Prepare): Case {
  return {
    name,
    async run({ seconds }: CaseInput): Promise<Sample> {
      const bench = new Bench({ time: seconds * 1000, warmupTime: Math.min(200, seconds * 1000) })
      bench.add(name, (await prepare()) as () => void)
      const [task] = await bench.run()
      const result = task!.result
      if (result.state !== 'completed') throw new Error(`${name}: ${result.state}`)
      return { [METRIC]: (result.latency.p50 * 1e6) / BATCH }
    },
  }
}

function encode(): Batch {
  const ring = new RequestRing(
    new SharedArrayBuffer(channelBytes(CAPACITY)),
    CAPACITY,
    new Float64Array(CAPACITY),
  )
  const operation = new Operation(0)
  return () => {
    for (let count = 0; count < BATCH; count++) {
      ring.write(operation, OPERATION_READ, 1, 1, count << 12, 0, 4096, 0, 4096, 0)
    }
  }
}

/** The taking side in its least form: read the record, give its slot back. */
function postAndDrain(): Batch {
  const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
  const ring = new RequestRing(channel, CAPACITY, new Float64Array(CAPACITY))
  const operation = new Operation(0)
  const words = new Int32Array(channel)
  let head = 0
  let bytes = 0
  return () => {
    for (let count = 0; count < BATCH; count++) {
      ring.write(operation, OPERATION_READ, 1, 1, count << 12, 0, 4096, 0, 4096, 0)
      ring.publish()
      const at = REQUESTS_WORD + (head & (CAPACITY - 1)) * REQUEST_WORDS
      if ((words[at + REQUEST_OPERATION]! & 0xff) === OPERATION_READ) {
        bytes += words[at + REQUEST_LEN]!
      }
      head = (head + 1) | 0
      Atomics.store(words, CHANNEL_REQUEST_HEAD, head)
    }
    return bytes
  }
}

async function leaseAndRelease(): Promise<Batch> {
  const client = (await spawnActor()).connect()
  return () => {
    for (let count = 0; count < BATCH; count++) client.alloc(4096).release()
  }
}

async function nopOneByOne(): Promise<Batch> {
  const client = (await spawnActor()).connect()
  return async () => {
    for (let count = 0; count < BATCH; count++) await client.nop()
  }
}

async function nopAllAtOnce(): Promise<Batch> {
  const client = (await spawnActor()).connect()
  return async () => {
    const all: Promise<void>[] = []
    for (let count = 0; count < BATCH; count++) all.push(client.nop())
    await Promise.all(all)
  }
}
