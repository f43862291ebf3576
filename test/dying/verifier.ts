// A client that is not killed: it writes and reads records of its own file without pause, and checks
// each, while others die around it. Ends when its board says so, and posts how many it has checked.
import { parentPort, workerData } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { Random } from '../random/random.ts'
import { RECORD_BYTES, sealRecord, versionOf } from './record.ts'

export interface VerifierOrders {
  path: string
  seed: number
  /** Word 0 is not 0 when it is time to end. */
  board: SharedArrayBuffer
}

const RECORDS = 64
const LANES = 4

const { path, seed, board } = workerData as VerifierOrders
const words = new Int32Array(board)
const client = connect()
const file = await client.open(path, 'w+')
let checked = 0

/** Each lane has records of its own, so what it wrote last is what it must read. */
async function lane(index: number): Promise<void> {
  const random = new Random(seed, index)
  const versions = new Map<number, number>()
  const bytes = Buffer.alloc(RECORD_BYTES)
  for (let version = 1; Atomics.load(words, 0) === 0; version++) {
    const number = index + LANES * random.below(RECORDS / LANES)
    const position = number * RECORD_BYTES
    if (random.chance(300)) {
      sealRecord(bytes, number, version)
      const { bytesWritten } = await file.write(bytes, 0, RECORD_BYTES, position)
      if (bytesWritten !== RECORD_BYTES) throw new Error(`a write of ${bytesWritten} bytes`)
      versions.set(number, version)
    } else if (versions.has(number)) {
      bytes.fill(0)
      await file.read(bytes, 0, RECORD_BYTES, position)
      const found = versionOf(bytes, number)
      const expected = versions.get(number)
      if (found !== expected) throw new Error(`record ${number}: ${found}, not ${expected}`)
      checked++
    }
    // The processors are for those that die, too.
    if (version % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

parentPort!.postMessage('running')
await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)))
await client.close()
parentPort!.postMessage(checked)
