// The threads of the tests of trace files: each waits until a recording is under way, then works.
import { parentPort, threadId } from 'node:worker_threads'
import { type ActorAddress, type Client, connect } from '@uring-actor/client'
import { HEADER_TRACE, TRACE_RECORD } from '@uring-actor/client/protocol'
import { codeOf } from '../support/outcome.ts'

export interface WorkOrders {
  address: ActorAddress
  path: string
  /** Closes its client, blocking or not, or leaves that to the end of its thread. */
  end: 'close' | 'closeSync' | 'exit' | 'return'
}

/** Operations by their name. */
export type Done = Record<string, number>

export interface WorkAnswer {
  threadId: number
  done: Done
}

export function isRecording(address: ActorAddress): boolean {
  const header = new Int32Array(address.header)
  return (Atomics.load(header, HEADER_TRACE) & TRACE_RECORD) !== 0
}

export async function recordingBegins(address: ActorAddress): Promise<void> {
  while (!isRecording(address)) await new Promise(setImmediate)
}

/** Opens, writes, reads, syncs, fails and closes, many at a time and one at a time. */
export async function work(client: Client, path: string): Promise<Done> {
  const file = await client.open(path, 'r+')
  const bytes = Buffer.alloc(4096, 7)
  for (let round = 0; round < 20; round++) {
    const calls: Promise<unknown>[] = []
    for (let index = 0; index < 16; index++) {
      calls.push(file.read(Buffer.alloc(4096), 0, 4096, index * 4096))
      calls.push(file.write(bytes, 0, 4096, index * 4096))
    }
    await Promise.all(calls)
    file.readSync(bytes, 0, 4096, 0)
  }
  await file.sync()
  await file.stat()
  await client.nop()
  const failed = await codeOf(() => client.open(`${path}/no directory`, 'r'))
  await file.close()
  if (failed !== 'ENOTDIR') throw new Error(`opening failed with ${failed}`)
  return { read: 340, write: 320, fsync: 1, fstat: 1, nop: 1, open: 2, close: 1 }
}

export async function workInRecording({ address, path, end }: WorkOrders): Promise<WorkAnswer> {
  const client = connect(address)
  await client.nop()
  parentPort!.postMessage('ready')
  await recordingBegins(address)
  const done = await work(client, path)
  if (end === 'close') await client.close()
  if (end === 'closeSync') client.closeSync()
  if (end === 'exit') {
    parentPort!.postMessage({ kind: 'answer', value: { threadId, done } })
    process.exit(0)
  }
  return { threadId, done }
}

/** Reads until the thread is terminated. */
export async function readForEver({ address, path }: WorkOrders): Promise<void> {
  const client = connect(address)
  const file = await client.open(path, 'r')
  await recordingBegins(address)
  for (let reads = 0; ; reads++) {
    await file.read(Buffer.alloc(4096), 0, 4096, 0)
    if (reads === 1000) parentPort!.postMessage('reading')
  }
}
