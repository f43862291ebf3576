// The conformance suite from the tasks of a piscina pool with its default settings: its workers block
// in Atomics.wait between tasks.
import { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { Piscina } from 'piscina'
import { reportCases } from './report.ts'

let actor: Actor
let pool: Piscina

before(async () => {
  actor = await spawnActor()
  const filename = fileURLToPath(new URL('./pool-task.js', import.meta.url))
  pool = new Piscina({ filename, minThreads: 2, maxThreads: 2 })
})

after(async () => {
  await pool.close()
  await actor.close()
})

reportCases((name) => pool.run(name))
