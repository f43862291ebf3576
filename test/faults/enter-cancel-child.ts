// Runs under strace, which makes io_uring_enter fail from the call FAILS_FROM on, for a long while. At
// that moment a client dies with more reads in flight than the submission queue has room to cancel.
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { SlowPipe } from '../support/pipe.ts'

const READS = 600

async function main(failsFrom: number): Promise<void> {
  const actor = await spawnActor({ engine: 'io_uring' })
  const pipe = new SlowPipe()
  const client = connect()
  const worker = new Worker(new URL(import.meta.url), { workerData: pipe.path })
  await new Promise((resolve) => worker.once('message', resolve))
  while ((await actor.stats()).inFlight < READS) await sleep(1)
  // Calls of io_uring_enter, one by one, until they are about to fail.
  while ((await actor.stats()).enters < failsFrom - 60) await client.nop()
  await worker.terminate()
  while ((await actor.stats()).clients.length > 1) await sleep(5)
  const { inFlight, enters } = await actor.stats()
  await client.nop()
  pipe.close()
  await actor.close()
  writeSync(1, `${JSON.stringify({ inFlight, failed: enters > failsFrom })}\n`)
}

async function read(path: string): Promise<void> {
  const file = await connect().open(path)
  for (let left = READS; left > 0; left--) void file.read(Buffer.alloc(8), 0, 8)
  parentPort!.postMessage('posted')
}

await (isMainThread ? main(Number(process.argv[2])) : read(workerData))
