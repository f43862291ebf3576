// Clients' threads that are killed at random moments, by each way there is, while other clients verify
// their data; and what must be true after each and at the end. kills.test.ts runs some of them,
// kills-main.ts as many as one likes.
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Client, connect } from '@uring-actor/client'
import { Piscina } from 'piscina'
import { Random } from '../random/random.ts'
import { codeOf, within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import {
  collectGarbage,
  descriptorsBesidesSources,
  descriptorsOf,
  eventually,
  residentBytes,
  threadCount,
} from '../support/process-state.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import type { VerifierOrders } from './verifier.ts'
import type { VictimOrders } from './victim.ts'

const victim = new URL('./victim.js', import.meta.url)
const verifier = new URL('./verifier.js', import.meta.url)

const WAYS = ['terminate', 'terminate', 'throw', 'exit', 'destroy a pool', 'replace'] as const
type Way = (typeof WAYS)[number]

/** More than live at a time: the place of a client that died as it connected is free a second later. */
const MAX_CLIENTS = 12
const VERIFIERS = 2
/** The actor has closed a dead client's files and let its place go within this time. */
const NOTICED_MILLIS = 5000
/** Kills before what is held is measured first: code is loaded and compiled by then. */
function warmUpOf(kills: number): number {
  return Math.max(30, kills >> 2)
}

export interface KillsReport {
  kills: Record<string, number>
  /** Records that the others have read and found right meanwhile. */
  verified: number
  /** Milliseconds from a thread's exit to the actor having nothing of it any more. */
  noticed: { median: number; longest: number }
  /** After the warm-up and at the end. */
  descriptors: [number, number]
  threads: [number, number]
  residentBytes: [number, number]
  /** Clients that could connect at the end, and those that there should be. */
  places: [number, number]
}

interface Scene {
  actor: Actor
  file: string
  pipe: SlowPipe
}

/** Runs a victim to its end. Resolves when its thread is gone. */
async function kill(scene: Scene, way: Way, random: Random): Promise<void> {
  const orders: VictimOrders = {
    file: scene.file,
    pipe: scene.pipe.path,
    seed: random.next() | 0,
    end: way === 'throw' || way === 'exit' ? { how: way, millis: random.below(25) } : null,
  }
  // Half of them at some time of their life, the others as they connect.
  const early = random.chance(500)
  const millis = random.below(early ? 4 : 30)
  if (way === 'destroy a pool' || way === 'replace') await killPooled(orders, way, millis)
  else await killThread(orders, way, early, millis)
}

async function killThread(
  orders: VictimOrders,
  way: Way,
  early: boolean,
  millis: number,
): Promise<void> {
  const worker = new Worker(victim, { workerData: orders })
  worker.on('error', (error) => {
    if (error.message !== 'on purpose') throw error
  })
  // events.once() would reject at an error, which here is as it should be.
  const gone = new Promise((resolve) => worker.once('exit', resolve))
  const connecting = new Promise((resolve) => worker.once('message', resolve))
  if (early || way !== 'terminate') await Promise.race([connecting, gone])
  if (way === 'terminate') {
    await delay(millis)
    await worker.terminate()
  }
  // A thread that blocks in a synchronous read never gets to its own end.
  const timer = setTimeout(() => void worker.terminate(), 200)
  await within(10_000, `the end of a thread by ${way}`, gone)
  clearTimeout(timer)
}

async function killPooled(orders: VictimOrders, way: Way, millis: number): Promise<void> {
  const pool = new Piscina({ filename: victim.href, maxThreads: 1, minThreads: 1 })
  // A pool that is destroyed forgets to end a thread that is just starting; so that is waited for.
  await pool.run(null, { name: 'idle' })
  const abort = new AbortController()
  const run = pool.run(orders, { signal: abort.signal }).catch(() => {})
  await delay(millis)
  // An aborted task's thread is terminated, and another takes its place.
  if (way === 'replace') {
    abort.abort()
    await run
    await pool.run(null, { name: 'idle' })
  }
  await within(10_000, 'the end of a pool', pool.destroy())
  await run
}

/** Milliseconds until the actor has nothing of those that died any more. */
async function waitUntilForgotten({ actor, file, pipe }: Scene): Promise<number> {
  const began = performance.now()
  const forgotten = async (): Promise<boolean> => {
    if (descriptorsOf(file) > 0 || descriptorsOf(pipe.path) > 1) return false
    const { clients, openFiles } = await actor.stats()
    return clients.length === VERIFIERS && openFiles === VERIFIERS
  }
  if (!(await eventually(forgotten, NOTICED_MILLIS))) {
    const { clients, openFiles, inFlight } = await actor.stats()
    const left = { clients, openFiles, inFlight, descriptors: descriptorsOf(file) }
    throw new Error(`the actor has not let a dead client go: ${JSON.stringify(left)}`)
  }
  return performance.now() - began
}

async function startVerifiers(seed: number, board: SharedArrayBuffer): Promise<Worker[]> {
  const directory = temporaryDirectory()
  const workers = Array.from({ length: VERIFIERS }, (_, index) => {
    const orders: VerifierOrders = { path: path.join(directory, `${index}`), seed, board }
    return new Worker(verifier, { workerData: orders })
  })
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return workers
}

async function held(): Promise<[descriptors: number, threads: number, resident: number]> {
  await collectGarbage()
  await delay(200)
  await collectGarbage()
  return [descriptorsBesidesSources(), threadCount(), residentBytes()]
}

/** How many clients find a place: none was lost with those that died. */
async function countPlaces(): Promise<number> {
  const clients: Client[] = []
  while (clients.length < MAX_CLIENTS && (await codeOf(() => clients.push(connect()))) === null) {}
  await Promise.all(clients.map((client) => client.nop()))
  await Promise.all(clients.map((client) => client.close()))
  return clients.length
}

export async function runKills(
  kills: number,
  seed: number,
  progress: (done: number) => void = () => {},
): Promise<KillsReport> {
  const random = new Random(seed, 0)
  const actor = await spawnActor({ maxClients: MAX_CLIENTS, arenaBytes: 4 << 20, queueDepth: 256 })
  const scene: Scene = { actor, file: temporaryFile(1 << 20), pipe: new SlowPipe() }
  const board = new SharedArrayBuffer(4)
  const verifiers = await startVerifiers(seed, board)
  const counts: Record<string, number> = {}
  const times: number[] = []
  let first = await held()
  const warmUp = warmUpOf(kills)
  for (let done = 0; done < kills; ) {
    // Two at a time, so that the death of one meets the life of another.
    const ways = [random.pick(WAYS), random.pick(WAYS)]
    await Promise.all(ways.map((way) => kill(scene, way, random)))
    times.push(await waitUntilForgotten(scene))
    for (const way of ways) counts[way] = (counts[way] ?? 0) + 1
    if (done < warmUp && done + ways.length >= warmUp) first = await held()
    done += ways.length
    progress(done)
  }
  const last = await held()
  let places = 0
  const allFree = async (): Promise<boolean> => {
    places = await countPlaces()
    return places === MAX_CLIENTS - VERIFIERS
  }
  await eventually(allFree)
  const checked = verifiers.map((worker) => once(worker, 'message'))
  Atomics.store(new Int32Array(board), 0, 1)
  const verified = (await within(10_000, 'the verifiers', Promise.all(checked))).flat() as number[]
  await actor.close()
  scene.pipe.close()
  times.sort((a, b) => a - b)
  return {
    kills: counts,
    verified: verified.reduce((sum, count) => sum + count, 0),
    noticed: { median: times[times.length >> 1]!, longest: times.at(-1)! },
    descriptors: [first[0], last[0]],
    threads: [first[1], last[1]],
    residentBytes: [first[2], last[2]],
    places: [places, MAX_CLIENTS - VERIFIERS],
  }
}
