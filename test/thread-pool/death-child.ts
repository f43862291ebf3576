// The program of death.test.ts: an actor without addon dies in the way that is asked for, while clients
// wait; reports what each of them heard, and when.
import '../support/watched-workers.ts'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { codeOf } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { workerOf } from '../support/watched-workers.ts'

export interface DeathReport {
  engine: string
  /** What each waiting client heard, and how long after the actor was ended, in milliseconds. */
  heard: Record<string, { code: string | null; millis: number }>
  /** What became of an actor spawned afterwards: null, it works. */
  next: string | null
}

const actor = await spawnActor()
const client = connect()
const pipe = new SlowPipe()
const file = await client.open(pipe.path, 'r')
const other = new Worker(new URL('./death-thread.js', import.meta.url), { workerData: pipe.path })
await once(other, 'message')
await new Promise((resolve) => setTimeout(resolve, 200))

const heard: DeathReport['heard'] = {}
const asleep = codeOf(() => file.read(Buffer.alloc(16)))
await client.nop()
const began = performance.now()
void workerOf(actor.address.threadId).terminate()
// This thread hears nothing of the end while it is blocked in here.
const blocked = await codeOf(() => client.openSync(pipe.path, 'r').readSync(Buffer.alloc(16)))
heard['blocked in the thread that spawned'] = { code: blocked, millis: performance.now() - began }
heard.asleep = { code: await asleep, millis: performance.now() - began }
const [code] = (await once(other, 'message')) as [string | null]
heard['blocked in another thread'] = { code, millis: performance.now() - began }
pipe.close()
const next = await codeOf(async () => {
  const again = await spawnActor()
  const another = again.connect()
  await another.nop()
  await another.close()
  await again.close()
})
const report: DeathReport = { engine: actor.engine, heard, next }
process.stdout.write(`${JSON.stringify(report)}\n`)
