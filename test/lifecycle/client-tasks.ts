// What the tests of clients do in other threads.
import { parentPort } from 'node:worker_threads'
import { connect } from '@uring-actor/client'
import { codeOf } from '../support/outcome.ts'

export async function connectAndNop(): Promise<string> {
  const client = connect()
  await client.nop()
  await client.close()
  return 'done'
}

export async function endWithoutClosing(): Promise<void> {
  await connect().nop()
}

export async function exitWithoutClosing(): Promise<void> {
  await connect().nop()
  process.exit(0)
}

/** The actor hears of this client when its thread is gone already. */
export function exitAtOnce(): void {
  connect()
  process.exit(0)
}

/** The same, for a thread that has nothing more to do. */
export function endAtOnce(): void {
  connect()
}

export async function throwConnected(): Promise<void> {
  await connect().nop()
  throw new Error('the end of this thread')
}

export function throwAtOnce(): void {
  connect()
  throw new Error('the end of this thread')
}

/** Connects so many times, trying again while all places are taken. */
export async function raceForPlace(times: number): Promise<number> {
  let connected = 0
  while (connected < times) {
    try {
      const client = connect()
      await client.nop()
      await client.close()
      connected++
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_URING_TOO_MANY_CLIENTS') throw error
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return connected
}

export interface HoldOrders {
  path: string
  reads: number
}

/** Keeps reads of an empty pipe in flight, says so, and stays until it is ended from outside. */
export async function holdReads({ path, reads }: HoldOrders): Promise<void> {
  const client = connect()
  const file = await client.open(path, 'r+')
  for (let read = 0; read < reads; read++) file.read(Buffer.alloc(64)).catch(() => {})
  await new Promise((resolve) => setTimeout(resolve, 50))
  parentPort!.postMessage('holding')
  await new Promise(() => setInterval(() => {}, 1000))
}

/** As holdReads, with the thread blocked in a synchronous read. */
export function holdSyncRead({ path }: HoldOrders): void {
  const client = connect()
  const file = client.openSync(path, 'r+')
  parentPort!.postMessage('holding')
  file.readSync(Buffer.alloc(64))
}

/** Reads, writes and opens without end. */
export async function storm({ path, reads }: HoldOrders): Promise<void> {
  const client = connect()
  const file = await client.open(path, 'r+')
  const loop = async (index: number): Promise<void> => {
    const bytes = Buffer.alloc(8192, index)
    for (;;) {
      if (index % 3 === 0) await file.write(bytes, 0, bytes.length, index * 8192)
      else if (index % 7 === 0) await (await client.open(path, 'r')).stat()
      else await file.read(bytes, 0, bytes.length, index * 8192)
    }
  }
  for (let index = 0; index < reads; index++) loop(index).catch(() => {})
  parentPort!.postMessage('holding')
  await new Promise(() => setInterval(() => {}, 1000))
}

/** Reads an empty pipe and waits; returns the codes of what the reads came to. */
export async function waitForEnd({ path, reads }: HoldOrders): Promise<string> {
  const client = connect()
  const file = await client.open(path, 'r+')
  const results = Array.from({ length: reads }, () => codeOf(() => file.read(Buffer.alloc(64))))
  parentPort!.postMessage('holding')
  return [...new Set(await Promise.all(results))].join(' ')
}

/** As waitForEnd, blocked in one synchronous read. */
export async function blockUntilEnd({ path }: HoldOrders): Promise<string> {
  const client = connect()
  const file = client.openSync(path, 'r+')
  parentPort!.postMessage('holding')
  return String(await codeOf(() => file.readSync(Buffer.alloc(64))))
}
