// An operation that is held up for 50 ms, in each of its stages in turn, has those 50 ms in that stage
// and in no other, and not as busy time; in its span and in the histograms. The stages of every
// operation are not negative, and sum to its total.
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, type ActorOptions, spawnActor } from '@uring-actor/actor'
import { type FaultPlan, spawnTestActor, type TestActor } from '@uring-actor/actor/testing'
import type { Client, OperationSpan, UringFile } from '@uring-actor/client'
import { SlowPipe } from '../support/pipe.ts'
import { runTask, startTask } from '../support/thread.ts'
import type { workTraced } from './counting-tasks.ts'
import { assertSound, SpanLog } from './span-log.ts'
import { WorkScene } from './work-scene.ts'

/** Microseconds by which an operation is held up at the least. */
const DELAY = 50_000
/** Milliseconds that it is held up for, so that it is certainly that long in the stage alone. */
const HELD_MILLIS = 60
/** Microseconds that it may spend in all other stages. */
const ELSEWHERE = 25_000
/** A busy machine holds up any stage for some time, so it is tried again; so often at most. */
const TRIES = 20

const TASKS = new URL('./feeding-task.js', import.meta.url)
const COUNTING = new URL('./counting-tasks.js', import.meta.url)
type TracedReport = Awaited<ReturnType<typeof workTraced>>
const OPTIONS: ActorOptions = { trace: 'span' }
const STAGES = ['queue', 'batch', 'kernel', 'delivery'] as const
type Stage = (typeof STAGES)[number]

/**
 * Tries until the delay was more often where it should be, and nowhere else, than in another stage:
 * there a busy machine may put as much, but not each time.
 */
async function assertDelayed(stage: Stage, attempt: () => Promise<OperationSpan>): Promise<void> {
  const seen: unknown[] = []
  let balance = 0
  for (let tried = 0; tried < TRIES; tried++) {
    const { stages } = await attempt()
    assert.ok(stages !== undefined)
    assertSound(stages)
    const elsewhere = STAGES.filter((each) => each !== stage).map((each) => stages[each])
    const alone = elsewhere.reduce((sum, micros) => sum + micros) < ELSEWHERE
    if (stages[stage] >= DELAY && alone && stages.busy < ELSEWHERE) balance++
    else if (elsewhere.some((micros) => micros >= DELAY)) balance--
    if (balance > 0) return
    seen.push(stages)
  }
  assert.fail(`no ${DELAY} µs in ${stage} alone: ${JSON.stringify(seen)}`)
}

/** The histograms say so too. */
async function assertCounted(client: Client, operation: string, stage: Stage): Promise<void> {
  const { operations } = await client.stats()
  const { count, [stage]: times, total } = operations[operation]!
  assert.ok(times.max >= DELAY && total.max >= times.max, `${operation}: ${JSON.stringify(times)}`)
  assert.ok(count >= times.count && times.count > 0)
}

/** What stands still, and on what. */
interface Scene {
  tested: TestActor
  client: Client
  file: UringFile
  log: SpanLog
}

/** Runs attempts on the simulated disk. */
async function onDisk(
  stage: Stage,
  operation: string,
  attempt: (scene: Scene) => Promise<unknown>,
  plan: FaultPlan = {},
  options: ActorOptions = {},
): Promise<void> {
  await using tested = await spawnTestActor(plan, { ...OPTIONS, ...options })
  const client = tested.connect()
  const file = await client.open('/file', 'w+')
  await file.write(Buffer.alloc(4096), { position: 0 })
  using log = new SpanLog()
  await assertDelayed(stage, async () => {
    await attempt({ tested, client, file, log })
    return log.last(operation)
  })
  await assertCounted(client, operation, stage)
}

/** Waits until the actor has begun one operation more than it had before. */
async function begun({ tested }: Scene, before: number): Promise<void> {
  while ((await tested.faults.operations()) <= before) await sleep(1)
}

/** Reads 64 bytes, from a position or the file's own. */
function readSome(file: UringFile, position: number | null): Promise<unknown> {
  return file.read(Buffer.alloc(64), { position })
}

function blockThread(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis)
}

describe('50 ms show up', () => {
  test('as delivery, when the event loop of the client is blocked', async () => {
    await onDisk('delivery', 'read', async ({ file }) => {
      const read = readSome(file, 0)
      // What was posted is published by a microtask; then nobody takes its completion.
      await null
      blockThread(HELD_MILLIS)
      await read
    })
  })

  test('as queue, when the actor stands still', async () => {
    await onDisk('queue', 'read', async ({ tested, file }) => {
      await tested.faults.pause()
      const read = readSome(file, 0)
      await sleep(HELD_MILLIS)
      tested.faults.resume()
      await read
    })
  })

  test('as queue, when the channel is full', async () => {
    const held = async ({ tested, file, client }: Scene): Promise<void> => {
      await tested.faults.hold()
      const before = [client.nop(), client.nop()]
      const read = readSome(file, 0)
      await sleep(HELD_MILLIS)
      await tested.faults.release()
      await Promise.all([...before, read])
    }
    await onDisk('queue', 'read', held, {}, { channelDepth: 2 })
  })

  test('as batch, when the submission has no room', async () => {
    const refused = async (scene: Scene): Promise<void> => {
      const { tested, client, file } = scene
      const before = await tested.faults.operations()
      await tested.faults.refuse()
      // This one takes all the room that there is.
      const nop = client.nop()
      await begun(scene, before)
      const read = readSome(file, 0)
      await sleep(HELD_MILLIS)
      await tested.faults.accept()
      await Promise.all([nop, read])
    }
    await onDisk('batch', 'read', refused, { queueEntries: 1 })
  })

  test('as batch, when a sync waits for another one', async () => {
    await onDisk('batch', 'fsync', async (scene) => {
      const { tested, file } = scene
      const before = await tested.faults.operations()
      await tested.faults.hold()
      const first = file.sync()
      await begun(scene, before)
      // Not covered by the one that runs: it may have begun before what this one is for.
      const second = file.sync()
      await sleep(HELD_MILLIS)
      await tested.faults.release()
      await Promise.all([first, second])
    })
  })

  test("as batch, when a read waits for the file's own position", async () => {
    await onDisk('batch', 'read', async (scene) => {
      const { tested, file } = scene
      await tested.faults.hold()
      const reads = [readSome(file, null), readSome(file, null)]
      await sleep(HELD_MILLIS)
      await tested.faults.release()
      await Promise.all(reads)
    })
  })

  test('as kernel, when the device is slow', async () => {
    await onDisk('kernel', 'read', async ({ tested, file }) => {
      await tested.faults.hold()
      const read = readSome(file, 0)
      await sleep(HELD_MILLIS)
      await tested.faults.release()
      await read
    })
  })

  for (const engine of ['io_uring', 'threadpool'] as const) {
    test(`as kernel, when a pipe is empty: ${engine}`, async (t) => {
      await using actor = await spawnOrSkip(engine, t)
      if (actor === null) return
      const pipe = new SlowPipe()
      const client = actor.connect()
      const file = await client.open(pipe.path, 'r+')
      using log = new SpanLog()
      await assertDelayed('kernel', async () => {
        const read = readSome(file, null)
        await sleep(HELD_MILLIS)
        pipe.feed(64)
        await read
        const span = log.last('read')
        assert.equal(span.blocking, false)
        return span
      })
      await assertCounted(client, 'read', 'kernel')
      pipe.close()
    })

    test(`as kernel, when a blocking call waits for a pipe: ${engine}`, async (t) => {
      await using actor = await spawnOrSkip(engine, t)
      if (actor === null) return
      const pipe = new SlowPipe()
      const client = actor.connect()
      const file = await client.open(pipe.path, 'r+')
      using log = new SpanLog()
      const asked = new Int32Array(new SharedArrayBuffer(4))
      const orders = { path: pipe.path, asked, millis: HELD_MILLIS, bytes: 64 }
      const feeding = startTask(TASKS, 'feedWhenAsked', orders)
      await assertDelayed('kernel', async () => {
        Atomics.add(asked, 0, 1)
        Atomics.notify(asked, 0)
        assert.equal(file.readSync(Buffer.alloc(64)), 64)
        const span = log.last('read')
        assert.equal(span.blocking, true)
        return span
      })
      await assertCounted(client, 'read', 'kernel')
      await feeding.worker.terminate()
      pipe.close()
    })
  }
})

describe('the stages of mixed operations from four threads', () => {
  for (const engine of ['io_uring', 'threadpool'] as const) {
    test(`are not negative, and sum to the total: ${engine}`, async (t) => {
      await using actor = await spawnOrSkip(engine, t)
      if (actor === null) return
      const seed = Math.floor(Math.random() * 2 ** 31)
      t.diagnostic(`seed ${seed}`)
      const scene = new WorkScene(seed)
      const tasks = Array.from({ length: 4 }, () => scene.orders(2000))
      const reports = await Promise.all(
        tasks.map((orders) => runTask<TracedReport>(COUNTING, 'workTraced', orders)),
      )
      for (const { counted, spans, failed } of reports) {
        const counts = Object.entries(counted).map(([kind, { count }]) => [kind, count])
        assert.deepEqual(spans, Object.fromEntries(counts))
        const errors = Object.values(counted).map((each) => each.errors)
        assert.equal(
          failed,
          errors.reduce((sum, count) => sum + count),
        )
      }
      scene.close()
    })
  }
})

/** An actor with this engine, on real files; null, and a skipped test, where there is none. */
async function spawnOrSkip(
  engine: 'io_uring' | 'threadpool',
  t: TestContext,
): Promise<Actor | null> {
  try {
    return await spawnActor({ ...OPTIONS, engine })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_URING_ENGINE') throw error
    t.skip((error as Error).message)
    return null
  }
}
