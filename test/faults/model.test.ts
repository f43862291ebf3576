// A million operations on an engine that injects short reads and writes, EINTR, EAGAIN, errors,
// failing syncs and refused submissions: each settles once; every read equals a model of the files; each
// error, with its bytesWritten, is the one that the history of faults names, and each fault of the
// history came to its operation. Sets of operations replay from URING_ACTOR_FAULT_SEED; how many there
// are in all is URING_ACTOR_FAULT_OPERATIONS.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type FaultPlan, spawnTestActor, type TestActor } from '@uring-actor/actor/testing'
import type { Client, UringFile } from '@uring-actor/client'
import { Random } from '../random/random.ts'
import { BLOCK_BYTES, BLOCKS, BurstMaker, perform } from './burst.ts'
import { Checker } from './checker.ts'

const OPERATIONS = Number(process.env.URING_ACTOR_FAULT_OPERATIONS ?? 1_000_000)
const SEED = Number(process.env.URING_ACTOR_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** So many in one run; more are several runs, of the seeds that follow. */
const RUN_OPERATIONS = 250_000
const PATHS = ['/model/a', '/model/b', '/model/c']
const BURST = 400
const RATES = { short: 0.15, interrupt: 0.1, error: 0.05, sync: 0.05, busy: 0.1 }

/** Bursts of operations on one test actor, each checked before the next begins. */
class Run {
  readonly checker = new Checker(PATHS)
  /** Requests that this thread has posted. */
  posted = 0
  failedSyncs = 0
  events = 0
  readonly #tested: TestActor
  readonly #client: Client
  readonly #files: UringFile[] = []
  readonly #maker: BurstMaker

  constructor(tested: TestActor, seed: number) {
    this.#tested = tested
    this.#maker = new BurstMaker(new Random(seed, 1), PATHS.length)
    this.#client = tested.connect()
  }

  async open(file: number): Promise<void> {
    this.posted++
    this.#files[file] = await this.#client.open(PATHS[file]!, this.#files[file] ? 'r+' : 'w+')
  }

  /** The files at their full size, so that every read is whole. */
  async begin(): Promise<void> {
    for (const file of PATHS.keys()) {
      await this.open(file)
      let full = false
      while (!full) {
        this.posted++
        full = await this.#files[file]!.truncate(BLOCKS * BLOCK_BYTES).then(
          () => true,
          () => false,
        )
      }
    }
    this.events = (await this.#tested.faults.history()).length
  }

  async burst(): Promise<void> {
    const outcomes = this.#maker.draw(BURST)
    await Promise.all(outcomes.map((outcome) => perform(this.#client, this.#files, outcome)))
    const events = await this.#tested.faults.history(this.events)
    this.events += events.length
    this.checker.begin(events)
    for (const outcome of outcomes) {
      this.posted += outcome.steps.length
      this.checker.check(outcome)
    }
    assert.equal(this.checker.unexplained, 0, 'each fault came to an operation')
    for (const file of PATHS.keys()) {
      const errors = this.checker.syncErrorsOf(file)
      const waiters = outcomes.filter(({ steps }) =>
        steps.some((step) => step.file === file && (step.durable || step.name === 'fsync')),
      )
      if (errors.size === 0) continue
      this.failedSyncs++
      assert.ok(waiters.some(({ failure }) => failure !== null && errors.has(failure.errno!)))
      await this.#staysFailed(file, errors)
    }
  }

  /** A file whose sync has failed stays so until it is opened anew. */
  async #staysFailed(file: number, errors: ReadonlySet<number>): Promise<void> {
    const opened = this.#files[file]!
    const isTheError = ({ errno }: { errno: number }): boolean => errors.has(errno)
    await assert.rejects(opened.sync(), isTheError)
    await assert.rejects(opened.datasync(), isTheError)
    await opened.close()
    this.posted += 3
    await this.open(file)
  }

  /** The simulated disk holds what the model holds, and the actor counted what was posted. */
  async end(): Promise<void> {
    const { faults } = this.#tested
    for (const [index, path] of PATHS.entries()) {
      const there = (await faults.file(path))!.bytes
      assert.equal(Buffer.compare(there, this.checker.files[index]!), 0, `${path} is the model`)
    }
    const { taken, completed, inFlight } = await this.#client.stats()
    assert.deepEqual(
      { taken, completed, inFlight },
      { taken: this.posted, completed: this.posted, inFlight: 0 },
    )
    await this.#client.close()
  }
}

/** So many operations; all faults that came are explained, and many did. */
async function checkedRun(
  t: TestContext,
  seed: number,
  plan: FaultPlan,
  operations: number,
): Promise<void> {
  t.diagnostic(`URING_ACTOR_FAULT_SEED=${seed}`)
  await using tested = await spawnTestActor({ seed, delayMicros: [0, 3], ...plan })
  const run = new Run(tested, seed)
  const began = performance.now()
  await run.begin()
  for (let burst = 0; run.posted < operations; burst++) {
    try {
      await run.burst()
    } catch (error) {
      const replay = `URING_ACTOR_FAULT_SEED=${seed} URING_ACTOR_FAULT_OPERATIONS=${run.posted}`
      throw new Error(`burst ${burst}, the last one of ${replay}: ${(error as Error).stack}`)
    }
  }
  await run.end()
  const seconds = (performance.now() - began) / 1000
  const { failed, inParts } = run.checker
  t.diagnostic(`${run.posted} operations in ${seconds.toFixed(1)} s, ${run.events} faults`)
  t.diagnostic(`${failed} failed, ${inParts} in parts, ${run.failedSyncs} times a sync failed`)
  assert.ok(failed > operations / 100 && inParts > operations / 100)
}

for (let done = 0, seed = SEED; done < OPERATIONS; done += RUN_OPERATIONS, seed++) {
  const operations = Math.min(RUN_OPERATIONS, OPERATIONS - done)
  test(`${operations} operations under injected faults, after ${done}`, (t) =>
    checkedRun(t, seed, { rates: RATES }, operations))
}

test('the same with hardly any room, and submissions that are mostly refused', (t) => {
  const plan = { rates: { ...RATES, busy: 0.7 }, queueEntries: 3 }
  return checkedRun(t, SEED, plan, Math.min(OPERATIONS, 20_000))
})
