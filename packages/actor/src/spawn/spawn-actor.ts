import { existsSync } from 'node:fs'
import { getEnvironmentData, threadId, Worker } from 'node:worker_threads'
import { type ActorAddress, UringError, type UringErrorCode } from '@uring-actor/client'
import { storeTrace } from '@uring-actor/client/internal'
import {
  ADDRESS_KEY,
  HEADER_BYTES,
  HEADER_LIFE,
  HEADER_MAGIC,
  HEADER_MAGIC_BYTE,
  HEADER_SLOW,
  HEADER_THREAD_BYTE,
  HEADER_VERSION_BYTE,
  LIFE_EXITED,
  PROTOCOL_VERSION,
  sharedPages,
  wordsOf,
} from '@uring-actor/client/protocol'
import { Actor } from './actor.ts'
import type { LayerData, StartAnswer, StartData } from './messages.ts'
import { type ActorOptions, resolveOptions, resolveTrace, type TraceSetting } from './options.ts'
import { warnOfInspection, warnOnce } from './warnings.ts'

/** Where the actor of this thread is kept: shared with other copies of this module. */
const REGISTRY_KEY: unique symbol = Symbol.for('uring-actor:actor:1')
type Registry = { [REGISTRY_KEY]?: Promise<Actor> | undefined }

/**
 * Starts the actor, once per process: calls at the same time and later ones resolve to the same
 * actor, whatever their options. In any other thread it rejects with ERR_URING_ACTOR_EXISTS: use
 * `connect()` there. Bad options reject with Node's argument errors; a thread that cannot start
 * rejects with the reason and leaves nothing behind.
 */
export function spawnActor(options?: ActorOptions): Promise<Actor> {
  return spawnWithLayer(options, null)
}

/** Internal: as `spawnActor`; but an actor that runs already has no layer, and will not do. */
export async function spawnWithLayer(
  options: ActorOptions | undefined,
  layer: LayerData | null,
): Promise<Actor> {
  const resolved = resolveOptions(options)
  const trace = resolveTrace(options)
  const registry = globalThis as Registry
  const known = registry[REGISTRY_KEY]
  if (known !== undefined) {
    const actor = await known
    if (!actor.closed && layer !== null) {
      throw new UringError('ERR_URING_ACTOR_EXISTS', 'this process has its actor already')
    }
    if (!actor.closed) return actor
    // It is on its way out: wait for that, then start anew.
    await actor.close()
    return spawnWithLayer(options, layer)
  }
  assertNoOther()
  const forget = (): void => {
    registry[REGISTRY_KEY] = undefined
  }
  const starting = startThread(
    {
      options: resolved,
      header: makeHeader(trace),
      permissionModel: process.permission !== undefined,
      layer,
    },
    forget,
  )
  registry[REGISTRY_KEY] = starting
  starting.catch(forget)
  return starting
}

/** An actor of another thread shows in the environment data that this thread has inherited. */
function assertNoOther(): void {
  const address = getEnvironmentData(ADDRESS_KEY) as unknown as ActorAddress | undefined
  if (address === undefined || !(address.header instanceof SharedArrayBuffer)) return
  if (Atomics.load(wordsOf(address.header), HEADER_LIFE) === LIFE_EXITED) return
  throw new UringError(
    'ERR_URING_ACTOR_EXISTS',
    `this process has its actor already, spawned by another thread; this is thread ${threadId}. ` +
      'Call connect() of @uring-actor/client here',
  )
}

function makeHeader(trace: TraceSetting): SharedArrayBuffer {
  const header = sharedPages(HEADER_BYTES)
  const words = wordsOf(header)
  words[HEADER_MAGIC_BYTE >> 2] = HEADER_MAGIC
  words[HEADER_VERSION_BYTE >> 2] = PROTOCOL_VERSION
  words[HEADER_SLOW] = trace.slowMicros
  storeTrace(words, trace)
  return header
}

/**
 * A loader or a preload script of the application has no business in the actor; what forbids addons
 * is for every thread. Under the
 * permission model, though, everything is inherited: the arguments are where a worker has its
 * restrictions from, and one that was given others may open every file.
 */
function threadArguments(): string[] | undefined {
  if (process.permission !== undefined) return undefined
  return process.execArgv.filter((argument, index, all) => {
    const isValue = index > 0 && takesNext(all[index - 1])
    return isValue || argument.startsWith('--cpu-prof') || argument === '--no-addons'
  })
}

/** `--cpu-prof-dir` and its like may have their value behind them, instead of after a `=`. */
function takesNext(argument: string): boolean {
  return argument.startsWith('--cpu-prof-') && !argument.includes('=')
}

/**
 * All of the thread in one file, which scripts/lib/bundle.mjs makes of thread.ts: it is there sooner,
 * and needs fewer descriptors. A layer shares modules with the thread, so there they are files.
 */
function threadFile(layer: LayerData | null): URL {
  try {
    const file =
      layer === null
        ? new URL('../actor-thread.js', import.meta.url)
        : new URL('../thread.js', import.meta.url)
    // With the permission model it may be there and not be seen: the thread will say so.
    if (process.permission !== undefined || existsSync(file)) return file
  } catch {
    // In a bundle of CommonJS there is no such URL at all.
  }
  throw new UringError(
    'ERR_URING_ACTOR_START',
    "the file of the actor's thread is not where it should be beside this code. Have your bundler " +
      'leave @uring-actor/actor and @uring-actor/client out (external)',
  )
}

function startThread(data: StartData, forget: () => void): Promise<Actor> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(threadFile(data.layer), {
      workerData: data,
      transferList: data.layer === null ? [] : [data.layer.port],
      name: 'uring-actor',
      // The actor makes little garbage, but what it lets go of holds clients' memory: the young
      // generation is kept small so that it is collected soon. That of a layer is for tests.
      resourceLimits: { maxYoungGenerationSizeMb: data.layer === null ? 1 : 16 },
      execArgv: threadArguments(),
    })
    wordsOf(data.header)[HEADER_THREAD_BYTE >> 2] = worker.threadId
    const failed = (error: Error): void => {
      reject(
        new UringError('ERR_URING_ACTOR_START', `the actor's thread ended: ${error.message}`, {
          cause: error,
        }),
      )
    }
    const exited = (code: number): void => failed(new Error(`exit code ${code}`))
    worker.once('error', failed)
    worker.once('exit', exited)
    worker.once('message', (answer: StartAnswer) => {
      worker.off('error', failed)
      worker.off('exit', exited)
      if (!answer.ok) {
        worker.once('exit', () => reject(startError(answer.code, answer.message)))
        return
      }
      const { addon, choice, doorbell, engine, inspection, limits, task } = answer
      warnOnce(choice, answer.warnings)
      if (inspection.failure !== null) warnOfInspection(inspection.failure)
      const address: ActorAddress = {
        protocolVersion: PROTOCOL_VERSION,
        threadId: worker.threadId,
        processId: process.pid,
        doorbell,
        task,
        engine,
        addon,
        limits,
        header: data.header,
      }
      resolve(new Actor(worker, address, inspection.path, forget))
    })
  })
}

function startError(code: string, message: string): UringError {
  if (code === 'ERR_URING_ACTOR_EXISTS') {
    return new UringError(code, `${message}. Call connect(address) of @uring-actor/client here`)
  }
  const known: UringErrorCode = code === 'ERR_URING_ENGINE' ? code : 'ERR_URING_ACTOR_START'
  return new UringError(known, `the actor could not start: ${message}`)
}
