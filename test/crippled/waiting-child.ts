// A program of sysctl.alone.test.ts: loads all that it needs, says so, waits for a line, and then only
// spawns an actor, so that the sysctl is set for a moment. What is left to do comes when it is over.
import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { type Capabilities, capabilities, spawnActor } from '@uring-actor/actor'
import type { ActorStats, TrimMethod } from '@uring-actor/client'
import { runTask } from '../support/thread.ts'
import type { Warning } from './child.ts'
import { roundTrip } from './round-trip.ts'

export interface WaitingReport {
  capabilities: Capabilities
  stats: ActorStats
  trimmed: [main: TrimMethod, worker: TrimMethod]
  warnings: Warning[]
}

export interface Refusal {
  code: string | undefined
  message: string
}

const [directory, engine] = [process.argv[2]!, process.argv[3] as 'auto' | 'io_uring']
const warnings: Warning[] = []
process.on('warning', ({ name, message, ...rest }) => {
  warnings.push({ name, message, code: (rest as { code?: string }).code })
})

function say(what: unknown): void {
  process.stdout.write(`${JSON.stringify(what)}\n`)
}

async function demand(): Promise<Refusal | null> {
  try {
    await spawnActor({ engine: 'io_uring' })
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}

/** What is loaded at the first use is loaded before. */
await capabilities()
const lines = createInterface({ input: process.stdin })
say('ready')
await once(lines, 'line')
if (engine === 'io_uring') {
  say(await demand())
} else {
  const [found, actor] = await Promise.all([capabilities(), spawnActor()])
  say('spawned')
  await once(lines, 'line')
  const main = await roundTrip({ directory, name: 'main' })
  const task = new URL('./round-trip.js', import.meta.url)
  const worker = await runTask<TrimMethod>(task, 'roundTrip', { directory, name: 'worker' })
  const stats = await actor.stats()
  await actor.close()
  const trimmed: WaitingReport['trimmed'] = [main, worker]
  say({ capabilities: found, stats, trimmed, warnings } satisfies WaitingReport)
}
lines.close()
