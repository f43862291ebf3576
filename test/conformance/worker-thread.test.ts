// The conformance suite from a worker thread, which finds the actor by itself.
import { once } from 'node:events'
import { after, before } from 'node:test'
import { Worker } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { CaseReport } from './context.ts'
import { reportCases } from './report.ts'

let actor: Actor
let worker: Worker

before(async () => {
  actor = await spawnActor()
  worker = new Worker(new URL('./thread.js', import.meta.url))
})

after(async () => {
  worker.postMessage(null)
  await once(worker, 'exit')
  await actor.close()
})

reportCases(async (name) => {
  worker.postMessage(name)
  const [report] = (await once(worker, 'message')) as [CaseReport]
  return report
})
