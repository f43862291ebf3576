// The child of footprint.test.ts: becomes one of several kinds of process, and reports what it costs.
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { collectGarbage, residentBytes } from '../support/process-state.ts'

const [kind, path = ''] = process.argv.slice(2) as [string, string?]
const CLIENTS = 32

/** Nothing is done any more until somebody ends this process. */
function rest(): 'resting' {
  setInterval(() => {}, 2 ** 31 - 1)
  return 'resting'
}

async function workOnce(client: Client): Promise<void> {
  const file = await client.open(path, 'r')
  await Promise.all(
    Array.from({ length: 32 }, (_, index) => file.read(Buffer.alloc(4096), 0, 4096, index * 4096)),
  )
  await file.close()
}

async function bareWorker(): Promise<void> {
  const source = "require('node:worker_threads').parentPort.on('message', () => {})"
  const worker = new Worker(source, { eval: true })
  await new Promise((resolve) => worker.once('online', resolve))
  worker.unref()
}

const kinds: Record<string, () => Promise<unknown>> = {
  'idle with an actor': async () => {
    await spawnActor()
    return rest()
  },
  'idle with clients that have worked': async () => {
    await spawnActor()
    const clients = Array.from({ length: 8 }, () => connect())
    for (const client of clients) await workOnce(client)
    return rest()
  },
  'memory with a bare worker': async () => {
    await bareWorker()
    await delay(300)
    await collectGarbage()
    return residentBytes()
  },
  'memory with an actor': async () => {
    await spawnActor()
    await delay(300)
    await collectGarbage()
    return residentBytes()
  },
  'memory of clients': async () => {
    await spawnActor()
    const first = connect()
    await workOnce(first)
    await collectGarbage()
    const before = residentBytes()
    const clients = Array.from({ length: CLIENTS }, () => connect())
    for (const client of clients) await client.nop()
    await collectGarbage()
    const connected = (residentBytes() - before) / CLIENTS
    for (const client of clients) await workOnce(client)
    await collectGarbage()
    return { connected, worked: (residentBytes() - before) / CLIENTS }
  },
  'start of a bare worker': async () => {
    const began = performance.now()
    await bareWorker()
    return performance.now() - began
  },
  'start to first read': async () => {
    const began = performance.now()
    await spawnActor()
    const file = await connect().open(path, 'r')
    await file.read(Buffer.alloc(4096), 0, 4096, 0)
    return performance.now() - began
  },
}

process.stdout.write(`${JSON.stringify(await kinds[kind]!())}\n`)
