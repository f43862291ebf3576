// The conformance suite from the main thread: every operation, asynchronous and synchronous, on real
// files, beside node:fs wherever Node has the same method.
import { after, before } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { Client } from '@uring-actor/client'
import { actorOptions } from '../support/engine.ts'
import { runCase } from './context.ts'
import { caseOf, reportCases } from './report.ts'

let actor: Actor
let client: Client

before(async () => {
  actor = await spawnActor(actorOptions)
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
})

reportCases((name) => runCase(caseOf(name), client))
