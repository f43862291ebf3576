// Random bytes in every word of real clients' channels, and in the header, while they work, with the real
// ring: the process lives, the clients whose channels are broken end with an error of ours, and others
// have their bytes, their memory, their files and an answer within bounded time.
//
//   URING_ACTOR_SECONDS=120   for how long
//   URING_ACTOR_SEED=7        the same words in the same order; threads run as they will
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { MessageChannel, Worker } from 'node:worker_threads'
import { spawnActor } from '@uring-actor/actor'
import { connect } from '@uring-actor/client'
import { within } from '../support/outcome.ts'
import { eventually, openDescriptors, whatIsLeft } from '../support/process-state.ts'
import { patternBytes, temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { startTask, type TaskOrders } from '../support/thread.ts'
import { missingProgram } from '../support/tools.ts'
import { MUTATIONS, type MutatedReport, STOP, type VictimReport } from './fuzz-tasks.ts'

const tasks = new URL('./fuzz-tasks.js', import.meta.url)
const SECONDS = Number(process.env.URING_ACTOR_SECONDS ?? 6)
const SEED = Number(process.env.URING_ACTOR_SEED ?? Date.now() % 2 ** 31)
/** So many words are written at least, also on a machine that is busy with something else. */
const MUTATIONS_WANTED = SECONDS * 50_000
const FILE_BYTES = 32 * 4096
/** No file grows larger: a broken request may well ask for all that the disk has. */
const LARGEST_FILE_BYTES = 16 * 2 ** 20
/** No operation of an honest client may take longer, however loaded the machine is. */
const LONGEST_MILLIS = 10_000

/** Errors that a client may see whose own channel says anything at all. */
const ALLOWED =
  /^(none|ERR_URING_(PROTOCOL|CLIENT_CLOSED|ACTOR_EXITED|TOO_MANY_CLIENTS|ACTOR_CLOSING|BUFFER_CHANGED)|E[A-Z0-9]+)$/

const skip = missingProgram('prlimit')

test(`random words in channels and header, seed ${SEED}`, { skip }, async (context) => {
  // Whatever name a broken request makes up, it is made in here.
  process.chdir(temporaryDirectory())
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${LARGEST_FILE_BYTES}`])
  const before = openDescriptors()
  const actor = await spawnActor({
    maxClients: 6,
    channelDepth: 64,
    queueDepth: 64,
    arenaBytes: 2 ** 20,
    maxFiles: 64,
  })
  const control = new SharedArrayBuffer(8)
  const words = new Int32Array(control)
  const pattern = temporaryFile(FILE_BYTES, 'pattern')
  const start = (number: number) => {
    const scratch = path.join(temporaryDirectory(), 'scratch')
    return startTask<VictimReport>(tasks, 'victim', {
      control,
      pattern,
      scratch,
      seed: SEED + number,
    })
  }
  const victims = [start(1), start(2)]
  const { port1, port2 } = new MessageChannel()
  const mutated = startWith<MutatedReport>('mutated', {
    control,
    seed: SEED,
    mutator: port1,
  })
  const mutator = startWith<number>('mutator', {
    ...{ control, address: actor.address, seed: SEED },
    ...{ mutations: MUTATIONS_WANTED, seconds: SECONDS, port: port2 },
  })
  try {
    const failed = Promise.all([...victims.map(({ result }) => result), mutated])
    await Promise.race([mutator, failed])
    Atomics.store(words, STOP, 1)
    const reports = await within(60_000, 'the victims', Promise.all(victims.map((v) => v.result)))
    const { epochs, codes } = await within(60_000, 'the mutated clients', mutated)
    const mutations = Atomics.load(words, MUTATIONS)
    context.diagnostic(`${mutations} mutations of ${epochs} clients: ${JSON.stringify(codes)}`)
    for (const { operations, longestMillis } of reports) {
      context.diagnostic(`a victim: ${operations} operations, the longest four ${longestMillis} ms`)
      assert.ok(operations > 0 && longestMillis < LONGEST_MILLIS, `${longestMillis} ms`)
    }
    assert.ok(mutations >= MUTATIONS_WANTED && epochs > 0)
    for (const code of Object.keys(codes)) assert.match(code, ALLOWED)
    assert.ok((codes.ERR_URING_PROTOCOL ?? 0) >= epochs / 2, 'most end with ERR_URING_PROTOCOL')
    assert.ok(readFileSync(pattern).equals(patternBytes(FILE_BYTES)), 'a file was written')
    const left = await eventually(async () => (await actor.stats()).clients.length === 0, 10_000)
    assert.ok(left, 'clients are left')
    const { inFlight, openFiles, overflow } = await actor.stats()
    assert.deepEqual({ inFlight, openFiles, overflow }, { inFlight: 0, openFiles: 0, overflow: 0 })
    const client = connect()
    await client.nop()
    await client.close()
  } catch (error) {
    const { stack } = error as Error
    const at = `at mutation ${Atomics.load(words, MUTATIONS)}, URING_ACTOR_SEED=${SEED}`
    throw new Error(`${at}: ${stack}`)
  } finally {
    Atomics.store(words, STOP, 1)
    await actor.close()
  }
  // The thread-pool's own descriptors, and those of module loading, are few.
  assert.ok(
    await eventually(() => openDescriptors() <= before + 8),
    `${openDescriptors()} of ${before}; ${whatIsLeft()}`,
  )
})

/** As startTask, with a port among the data; resolves with the answer. */
function startWith<T>(task: string, data: Record<string, unknown>): Promise<T> {
  const port = (data.mutator ?? data.port) as import('node:worker_threads').MessagePort
  const orders: TaskOrders = { module: tasks.href, task, data }
  const worker = new Worker(new URL('../support/task-thread.js', import.meta.url), {
    workerData: orders,
    transferList: [port],
  })
  return new Promise<T>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (answer: { value?: T; error?: string }) => {
      if (answer.error === undefined) resolve(answer.value as T)
      else reject(new Error(answer.error))
    })
  })
}
