// A mixed load for a long time: nothing may grow, and nothing may take long.
//
//   npm run test:soak -- [--minutes N] [--engine NAME] [--seed N] [--directory PATH]
//
// The load is that of the random test, without its histories: threads that connect, do everything
// that a client can do, leave, and begin again. Memory, descriptors and the kernel's threads are
// sampled; at the end a line is fitted through each, without the first quarter of the time.
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { Board, makePlan, type Plan } from '../random/plan.ts'
import { grows, growthOf } from './growth.ts'
import {
  kernelThreads,
  openDescriptors,
  Probe,
  residentMiB,
  type Sample,
  tableOf,
} from './samples.ts'
import type { SoakTask } from './soak-client.ts'
import { Counters, SLOW_MILLIS } from './watch.ts'

/** What may grow by how much, over the time that counts. */
const WATCHED = [
  { name: 'RSS', unit: ' MiB', allowed: 8, of: (sample: Sample) => sample.residentMiB },
  { name: 'fds', unit: '', allowed: 1, of: (sample: Sample) => sample.descriptors },
  { name: 'kernel threads', unit: '', allowed: 1, of: (sample: Sample) => sample.kernelThreads },
  { name: 'open files', unit: '', allowed: 1, of: (sample: Sample) => sample.openFiles },
] as const

/** In a shorter time than this, code is still being compiled and memory found. */
const GROWTH_SECONDS_MIN = 120
/** A machine that takes so long for a plain fdatasync, or whose timers are so late, is not healthy. */
const UNHEALTHY_MILLIS = 250
const TABLE_ROWS = 20

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    engine: { type: 'string', default: 'io_uring' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    directory: { type: 'string', default: os.tmpdir() },
  },
})
const seconds = Number(values.minutes) * 60
if (globalThis.gc === undefined) throw new Error('the soak test needs node --expose-gc')
if (!(seconds > 0)) throw new RangeError(`--minutes must be a number above 0: ${values.minutes}`)
const engine = values.engine as Plan['engine']
const seed = Number(values.seed)
const directory = mkdtempSync(path.join(values.directory, 'uring-actor-soak-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
process.exitCode = (await main()) ? 0 : 1

async function main(): Promise<boolean> {
  console.log(`soak: ${Math.round(seconds)} s, ${engine}, seed ${seed}`)
  // The first actor of a process leaves its doorbell, which later ones use again.
  await (await spawnActor({ engine })).close()
  const atStart = openDescriptors()
  const actor = await spawnActor({ engine })
  const { samples, counters } = await load(actor)
  const { clients, inFlight, openFiles, overflow } = await actor.stats()
  await actor.close()
  // The kernel lets go of a ring a little later.
  await delay(500)
  console.log(tableOf(samples, TABLE_ROWS))
  const left = { clients: clients.length, inFlight, openFiles, overflow }
  const descriptors = openDescriptors() - atStart
  const faults = [
    ...growths(samples),
    ...slowness(samples, counters),
    ...Object.entries({ ...left, descriptors, kernelThreads: kernelThreads() })
      .filter(([, count]) => count > 0)
      .map(([what, count]) => `${count} ${what} are left at the end`),
  ]
  if (counters.errors > 0) faults.push(`${counters.errors} operations failed`)
  if (counters.operations === 0) faults.push('nothing was done')
  for (const fault of faults) console.log(`soak: FAILED: ${fault}`)
  const done = `${counters.operations} operations, ${counters.sessions} connections`
  console.log(`soak: ${done}: ${faults.length === 0 ? 'ok' : 'FAILED'}`)
  return faults.length === 0
}

/** Runs the load for the time, and samples it. */
async function load(actor: Actor): Promise<{ samples: Sample[]; counters: Counters }> {
  const plan = makePlan(directory, seed, engine, 1)
  const board = Board.create(plan.clients.length)
  const counters = Counters.create(plan.clients.length)
  const threads = plan.clients.map((_, client) => {
    const task: SoakTask = { plan, client, board: board.memory, counters: counters.memory }
    const worker = new Worker(new URL('./soak-client.js', import.meta.url), { workerData: task })
    return new Promise<void>((resolve, reject) => {
      worker.once('error', reject)
      worker.once('exit', (code) => {
        if (code === 0) resolve()
        else reject(new Error(`the thread of client ${client} ended with ${code}`))
      })
    })
  })
  const all = Promise.all(threads)
  const probe = new Probe(path.join(directory, 'probe'))
  const samples = await Promise.race([sampled(actor, counters, probe), all.then(() => [])])
  board.stop()
  probe.stop()
  await all
  return { samples, counters }
}

async function sampled(actor: Actor, counters: Counters, probe: Probe): Promise<Sample[]> {
  const samples: Sample[] = []
  const every = Math.min(3000, (seconds * 1000) / 20)
  const began = performance.now()
  let now = 0
  while (now < seconds) {
    await delay(every)
    globalThis.gc!()
    const { openFiles, inFlight } = await actor.stats()
    now = (performance.now() - began) / 1000
    samples.push({
      seconds: now,
      operations: counters.operations,
      sessions: counters.sessions,
      residentMiB: residentMiB(),
      descriptors: openDescriptors(),
      kernelThreads: kernelThreads(),
      openFiles,
      inFlight,
      slowest: counters.takeSlowest(),
      probe: probe.takeSlowest(),
    })
  }
  return samples
}

/** What has grown. */
function growths(samples: readonly Sample[]): string[] {
  if (seconds < GROWTH_SECONDS_MIN) {
    console.log(`soak: growth is told from ${GROWTH_SECONDS_MIN} s on`)
    return []
  }
  const counted = samples.filter((sample) => sample.seconds > seconds / 4)
  return WATCHED.flatMap(({ name, unit, allowed, of }) => {
    const growth = growthOf(
      counted.map((sample) => ({ seconds: sample.seconds, value: of(sample) })),
    )
    if (growth === null) return [`too few samples of ${name}`]
    const { rise, error } = growth
    const text = `${name}: ${rise.toFixed(2)}${unit} up, standard error ${error.toFixed(2)}`
    console.log(`soak: ${text}, ${allowed}${unit} allowed`)
    return grows(growth, allowed) ? [text] : []
  })
}

/** Operations that took long, unless all the machine did at that time. */
function slowness(samples: readonly Sample[], counters: Counters): string[] {
  const slow = samples.filter(({ slowest }) => slowest > SLOW_MILLIS)
  const unexplained = slow.filter(({ probe }) => probe < UNHEALTHY_MILLIS)
  if (slow.length > unexplained.length) {
    console.log(`soak: ${counters.slow} operations were slow, most of them as all the machine was`)
  }
  return unexplained.map(
    ({ seconds: at, slowest, probe }) =>
      `an operation took ${Math.round(slowest)} ms, at ${Math.round(at)} s, when a plain fdatasync ` +
      `or a timer took ${Math.round(probe)} ms`,
  )
}
