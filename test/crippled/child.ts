// The program that runs where io_uring is crippled, and reports how an actor gets on there.
import { setTimeout as delay } from 'node:timers/promises'
import { type Capabilities, capabilities, spawnActor } from '@uring-actor/actor'
import type { ActorStats, TrimMethod } from '@uring-actor/client'
import { runTask } from '../support/thread.ts'
import { roundTrip } from './round-trip.ts'

export interface Warning {
  name: string
  code: string | undefined
  message: string
}

export interface CrippledReport {
  capabilities: Capabilities
  /** The error that an actor gives whose engine must be io_uring; null when it comes up. */
  demanded: { code: string | undefined; message: string } | null
  engine: string
  stats: ActorStats
  /** Operations that may be in flight. */
  queueDepth: number
  /** The same, after it was closed and spawned again. */
  secondEngine: string
  /** How a range was trimmed by the main thread, and by a worker. */
  trimmed: [main: TrimMethod, worker: TrimMethod]
  warnings: Warning[]
}

const warnings: Warning[] = []
process.on('warning', ({ name, message, ...rest }) => {
  const { code } = rest as { code?: string }
  // Those are node's own, about the permission model.
  if (name !== 'ExperimentalWarning' && name !== 'SecurityWarning')
    warnings.push({ name, code, message })
})

async function demand(): Promise<CrippledReport['demanded']> {
  try {
    const actor = await spawnActor({ engine: 'io_uring' })
    await actor.close()
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}

async function report(directory: string): Promise<CrippledReport> {
  const found = await capabilities(directory)
  const demanded = await demand()
  const actor = await spawnActor()
  const main = await roundTrip({ directory, name: 'main' })
  const task = new URL('./round-trip.js', import.meta.url)
  const worker = await runTask<TrimMethod>(task, 'roundTrip', { directory, name: 'worker' })
  const stats = await actor.stats()
  const { engine } = actor
  const { queueDepth } = actor.address.limits
  await actor.close()
  const second = await spawnActor()
  const secondEngine = second.engine
  await second.close()
  // A warning comes in a tick of its own.
  await delay(1)
  const trimmed: CrippledReport['trimmed'] = [main, worker]
  const settings = { engine, queueDepth, secondEngine }
  return { capabilities: found, demanded, ...settings, stats, trimmed, warnings }
}

process.stdout.write(`${JSON.stringify(await report(process.argv[2]!))}\n`)
