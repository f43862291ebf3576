// A thread of claim.test.ts: spawns an actor when it is told, closes it, and says how it went.
import { parentPort } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { withoutAddon } from '../support/engine.ts'

export interface ClaimAnswer {
  code: string | null
  engine: string | null
}

const port = parentPort!
let actor: Actor | null = null

withoutAddon()
port.on('message', async (order: 'spawn' | 'close') => {
  let code: string | null = null
  try {
    if (order === 'spawn') actor = await spawnActor()
    else await actor?.close()
  } catch (error) {
    code = (error as NodeJS.ErrnoException).code ?? String(error)
  }
  if (order === 'close') actor = null
  port.postMessage({ code, engine: actor?.engine ?? null } satisfies ClaimAnswer)
})
port.postMessage('ready')
