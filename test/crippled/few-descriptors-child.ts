// A program of limits.test.ts: spawns an actor while all descriptors but a few are taken, fewer each
// time.
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { capabilities, spawnActor } from '@uring-actor/actor'
import type { TrimMethod } from '@uring-actor/client'
import { runTask } from '../support/thread.ts'
import { roundTrip } from './round-trip.ts'

export interface Outcome {
  free: number
  /** Null when it could not be spawned. */
  engine: string | null
  cause: string
  trimmed: [main: TrimMethod, worker: TrimMethod] | null
  /** Of the error, if it could not. */
  code: string
  message: string
  /** The error of an actor that must have io_uring; null when it comes up. */
  demanded: { code: string | undefined; message: string } | null
}

export interface FewDescriptorsReport {
  limit: number | 'unlimited' | null
  outcomes: Outcome[]
  warnings: Array<string | undefined>
}

/** With fewer node itself cannot start a worker, and leaks descriptors when it tries. */
const FREE = [40, 20, 10, 9, 8, 7, 6, 5]

const warnings: FewDescriptorsReport['warnings'] = []
process.on('warning', (warning) => warnings.push((warning as { code?: string }).code))

/** Runs something with only so many free descriptors. */
async function withFree<T>(free: number, run: () => Promise<T>): Promise<T> {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {
    // EMFILE: all are taken now.
  }
  for (const fd of taken.splice(0, free)) closeSync(fd)
  try {
    return await run()
  } finally {
    for (const fd of taken) closeSync(fd)
  }
}

async function demand(free: number): Promise<Outcome['demanded']> {
  try {
    const actor = await withFree(free, () => spawnActor({ engine: 'io_uring' }))
    await actor.close()
    return null
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return { code, message }
  }
}

async function attempt(free: number, directory: string): Promise<Outcome> {
  const demanded = await demand(free)
  try {
    const actor = await withFree(free, () => spawnActor())
    const main = await roundTrip({ directory, name: `main-${free}` })
    const orders = { directory, name: `worker-${free}` }
    const task = new URL('./round-trip.js', import.meta.url)
    const worker = await runTask<TrimMethod>(task, 'roundTrip', orders)
    const { engine, cause } = await actor.stats()
    await actor.close()
    return { free, engine, cause, trimmed: [main, worker], code: '', message: '', demanded }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return { free, engine: null, cause: '', trimmed: null, code, message, demanded }
  }
}

// The first worker and the first output open descriptors of node's own, once.
await once(new Worker('', { eval: true }), 'exit')
process.stdout.write('\n')
const { limits } = await capabilities()
const outcomes: Outcome[] = []
for (const free of FREE) outcomes.push(await attempt(free, process.argv[2]!))
const report: FewDescriptorsReport = { limit: limits.openFiles, outcomes, warnings }
process.stdout.write(`${JSON.stringify(report)}\n`)
