// Clients that wait in other threads while their actor dies: what they wait for comes to nothing.
import { parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { codeOf } from '../support/outcome.ts'

export interface WaitReport {
  codes: string[]
  /** When the last of them was told, by the clock that all threads have. */
  toldAt: number
}

function report(codes: Array<string | null>): WaitReport {
  const toldAt = performance.timeOrigin + performance.now()
  return { codes: [...new Set(codes.map(String))], toldAt }
}

/** Reads of an empty pipe, and what is drained and so waits behind them. */
export async function waitAsleep(path: string): Promise<WaitReport> {
  const client = connect()
  const file = await client.open(path, 'r+')
  const waits = Array.from({ length: 40 }, () => codeOf(() => file.read(Buffer.alloc(64))))
  waits.push(codeOf(() => client.chain((chain) => chain.nop().nop(), { drain: true })))
  waits.push(codeOf(() => client.flush()))
  parentPort?.postMessage('waiting')
  return report(await Promise.all(waits))
}

export async function waitBlocked(path: string): Promise<WaitReport> {
  const client = connect()
  const file = client.openSync(path, 'r+')
  parentPort!.postMessage('waiting')
  return report([await codeOf(() => file.readSync(Buffer.alloc(64)))])
}
