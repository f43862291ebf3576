// A trace file of a real recording: it has each operation that was done, of every client, at each
// level of tracing and with each engine; stages fill their operation, and an arrow leads from there to
// the actor's batch and back.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterEach, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Actor, type RecordedTrace, spawnActor } from '@uring-actor/actor'
import type { TraceLevel } from '@uring-actor/client'
import { expectedEngine } from '../support/engine.ts'
import { within } from '../support/outcome.ts'
import { temporaryDirectory, temporaryFile } from '../support/temporary.ts'
import { startTask } from '../support/thread.ts'
import { type ReadTrace, readTrace, type Slice } from './trace-file-reader.ts'
import {
  type Done,
  isRecording,
  recordingBegins,
  type WorkAnswer,
  type WorkOrders,
  work,
} from './trace-file-tasks.ts'

const tasks = new URL('./trace-file-tasks.js', import.meta.url)
const STAGES = ['queue', 'batch', 'kernel', 'delivery']
const data = temporaryFile(65536)

let actor: Actor
afterEach(() => actor.close())

interface Recorded<T> {
  readonly trace: ReadTrace
  readonly recorded: RecordedTrace
  readonly value: T
}

/** Records while work is done; once more, and for longer, where the recording ended before. */
async function recordWhile<T>(
  begin: () => Promise<{ work: () => Promise<T> }>,
  maxEvents: number = 1_000_000,
): Promise<Recorded<T>> {
  for (let seconds = 1.5; ; seconds *= 4) {
    const file = path.join(temporaryDirectory(), 'trace.json')
    const ready = await begin()
    const recording = actor.recordTrace(file, { seconds, maxEvents })
    await Promise.race([recordingBegins(actor.address), recording])
    const value = await ready.work()
    const inTime = isRecording(actor.address)
    const recorded = await recording
    if (!inTime) continue
    assert.equal(recorded.path, file)
    assert.deepEqual(readdirSync(path.dirname(file)), ['trace.json'])
    return { trace: readTrace(file), recorded, value }
  }
}

function operationsOf(trace: ReadTrace): Slice[] {
  return trace.slices.filter(({ category }) => category === 'uring')
}

function countsByName(slices: readonly Slice[]): Done {
  const counts: Done = {}
  for (const { name } of slices) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Everything that holds of any recording. */
function assertSound({ trace, recorded }: Recorded<unknown>): void {
  assert.deepEqual(trace.faults, [])
  const operations = operationsOf(trace)
  assert.equal(operations.length, recorded.operations)
  assert.equal(trace.arrows.size, operations.length)
  for (const { start, end, parent, children, details } of operations) {
    assert.equal(parent, null)
    let moment = start
    let last = -1
    for (const stage of children) {
      assert.equal(stage.start, moment, 'a stage begins where the one before has ended')
      assert.ok(STAGES.indexOf(stage.name) > last, 'stages have their order')
      last = STAGES.indexOf(stage.name)
      moment = stage.end
    }
    assert.equal(moment, end, 'the stages fill the operation')
    const total = Number(details.busyMicros) + Number(details.idleMicros)
    assert.ok(Math.abs(total * 1000 - (end - start)) < 2, 'busy and idle are all of it')
  }
  assertArrows(trace)
  const batches = trace.slices.filter(
    ({ name, category }) => name === 'batch' && category === 'actor',
  )
  assert.equal(batches.length, recorded.batches)
  assert.deepEqual(
    [trace.data.operations, trace.data.batches, trace.data.dropped],
    [recorded.operations, recorded.batches, recorded.dropped],
  )
}

/**
 * Each from an operation's first stage, by the batch that submitted it, if one did, to the same one's
 * last.
 */
function assertArrows({ arrows, processes }: ReadTrace): void {
  for (const [id, { phases, slices, times }] of arrows) {
    const from = slices[0]!
    const operation = from.parent ?? from
    const inKernel = operation.children.some(({ name }) => name === 'kernel')
    const submitted = inKernel && operation.details.cached !== true
    assert.equal(phases.join(), submitted ? 's,t,f' : 's,f', `arrow ${id}`)
    const to = slices.at(-1)!
    assert.equal(to.parent ?? to, operation)
    assert.equal(times[0], operation.start)
    if (submitted) assert.equal(processes.get(slices[1]!.process), 'actor')
  }
}

async function mainThread(): Promise<{ work: () => Promise<Done> }> {
  const client = actor.connect()
  return {
    work: async () => {
      const done = await work(client, data)
      await client.close()
      return done
    },
  }
}

for (const level of ['off', 'histogram', 'span'] as const satisfies readonly TraceLevel[]) {
  test(`has all that was done, at the level '${level}'`, async () => {
    actor = await spawnActor({ trace: level })
    const found = await recordWhile(mainThread)
    assertSound(found)
    const { trace, value, recorded } = found
    assert.deepEqual(countsByName(operationsOf(trace)), value)
    assert.equal(recorded.dropped, 0)
    assert.equal(actor.trace, level)
    assert.equal(trace.data.engine, expectedEngine())
    const read = operationsOf(trace).find(({ name, details }) => {
      return name === 'read' && details.position === 4096
    })
    assert.equal(read?.details.file, data)
    assert.deepEqual([read?.details.length, read?.details.result], [4096, 4096])
    const opens = operationsOf(trace).filter(({ name }) => name === 'open')
    assert.deepEqual(
      opens.map(({ details }) => [details.file, details.error]),
      [
        [data, undefined],
        [`${data}/no directory`, 'ENOTDIR'],
      ],
    )
  })
}

test('has all that was done on the thread pool', async () => {
  actor = await spawnActor({ engine: 'threadpool' })
  const found = await recordWhile(mainThread)
  assertSound(found)
  assert.deepEqual(countsByName(operationsOf(found.trace)), found.value)
})

test('has a track for each client, however it ends, and what each has done', async () => {
  actor = await spawnActor()
  const ends: ReadonlyArray<WorkOrders['end']> = ['close', 'closeSync', 'exit', 'return']
  const found = await recordWhile(async () => {
    const threads = ends.map((end) => {
      const orders: WorkOrders = { address: actor.address, path: temporaryFile(65536), end }
      return startTask<WorkAnswer>(tasks, 'workInRecording', orders)
    })
    await Promise.all(threads.map(({ worker }) => once(worker, 'message')))
    const work = async (): Promise<WorkAnswer[]> => {
      const answers = await Promise.all(threads.map(({ result }) => result))
      await Promise.all(threads.map(({ ended }) => ended))
      return answers
    }
    return { work }
  })
  assertSound(found)
  const { trace, value } = found
  assert.equal(found.recorded.dropped, 0)
  for (const { threadId, done } of value) {
    const [process, ...others] = [...trace.processes]
      .filter(([, name]) => name.endsWith(`(thread ${threadId})`))
      .map(([number]) => number)
    assert.equal(others.length, 0)
    const own = operationsOf(trace).filter((slice) => slice.process === process)
    assert.deepEqual(countsByName(own), done)
    const lanes = new Set(own.map(({ thread }) => trace.threads.get(thread)))
    // The first of 32 finds nothing under way, and is done when the others begin.
    assert.ok(lanes.has('in flight 1') && lanes.has('in flight 31'), [...lanes].join())
  }
  assert.equal(trace.processes.size, 1 + ends.length)
})

test('is sound whatever becomes of operations: cancelled, drained, in chains, waiting for room', async () => {
  actor = await spawnActor({ queueDepth: 8, channelDepth: 64 })
  const found = await recordWhile(async () => {
    const client = actor.connect()
    const file = await client.open(data, 'r+')
    const bytes = Buffer.alloc(4096, 1)
    const round = async (): Promise<void> => {
      const controller = new AbortController()
      const { signal } = controller
      const calls: Promise<unknown>[] = []
      for (let index = 0; index < 100; index++) {
        calls.push(file.write(bytes, 0, 4096, index * 4096))
        if (index % 5 === 0) calls.push(file.read(Buffer.alloc(4096), { position: 0, signal }))
        if (index % 10 === 0) calls.push(file.writeDurable(bytes, { position: 0 }), file.stat())
        if (index % 20 === 0) calls.push(client.nop({ drain: true }), file.sync())
        if (index % 25 === 0) {
          calls.push(client.chain((chain) => chain.write(file, bytes, 0, 4096, 0).sync(file)))
        }
      }
      controller.abort()
      await Promise.allSettled(calls)
    }
    const work = async (): Promise<number> => {
      for (let count = 0; count < 8; count++) await round()
      await client.flush()
      const { completed } = await client.stats()
      await file.close()
      await client.close()
      return completed
    }
    return { work }
  })
  assertSound(found)
  // The file was opened before, and is closed after the count was asked for.
  assert.equal(found.recorded.operations, found.value)
  const fates = operationsOf(found.trace).map(({ details }) => details.fate)
  assert.ok(fates.includes('cancelled'))
})

test("agrees with the client's own distributions", async () => {
  actor = await spawnActor()
  const found = await recordWhile(async () => {
    const client = actor.connect()
    const work = async () => {
      for (let round = 0; round < 200; round++) await client.nop()
      const { nop } = client.latency()
      await client.close()
      return nop!
    }
    return { work }
  })
  const { value: nop, trace } = found
  const nops = operationsOf(trace)
  assert.equal(nops.length, nop.total.count)
  const mean = (durations: readonly number[]): number =>
    durations.reduce((sum, nanos) => sum + nanos / 1000, 0) / nops.length
  const near = (found: number, told: number): void =>
    assert.ok(Math.abs(found - told) < 0.01, `${found} and ${told}`)
  near(mean(nops.map(({ start, end }) => end - start)), nop.total.mean)
  for (const stage of ['queue', 'batch', 'kernel', 'delivery'] as const) {
    const durations = nops.flatMap(({ children }) =>
      children.filter(({ name }) => name === stage).map(({ start, end }) => end - start),
    )
    near(mean(durations), nop[stage].mean)
  }
  near(mean(nops.map(({ details }) => Number(details.busyMicros) * 1000)), nop.busy.mean)
})

test('ends at its limit of events, and counts what is not there', async () => {
  actor = await spawnActor()
  const { trace, recorded, value } = await recordWhile(mainThread, 2000)
  assert.deepEqual(
    trace.faults.filter((fault) => !fault.startsWith('arrow')),
    [],
  )
  assert.ok(trace.eventCount <= 2000 && trace.eventCount > 1900, `${trace.eventCount} events`)
  const done = Object.values(value).reduce((sum, count) => sum + count, 0)
  assert.ok(recorded.operations < done && recorded.operations > 50)
  assert.ok(recorded.operations + recorded.dropped >= done)
})

test('a thread that dies while it is recorded costs the file what it held, at most', async () => {
  actor = await spawnActor()
  const found = await recordWhile(async () => {
    const orders: WorkOrders = { address: actor.address, path: data, end: 'return' }
    const { worker } = startTask<void>(tasks, 'readForEver', orders)
    const reading = once(worker, 'message')
    const work = async (): Promise<Done> => {
      await within(60_000, 'reading', reading)
      await worker.terminate()
      return (await mainThread()).work()
    }
    return { work }
  })
  assertSound(found)
  const { trace, value, recorded } = found
  const own = operationsOf(trace).filter(({ process }) =>
    trace.processes.get(process)?.endsWith('(thread 0)'),
  )
  assert.deepEqual(countsByName(own), value)
  assert.ok(recorded.operations - own.length > 400, 'what the other had handed on is there')
  assert.ok(recorded.dropped <= 512, `${recorded.dropped} were dropped`)
})

test('records to a URL, and one recording after the other', async () => {
  actor = await spawnActor()
  const file = pathToFileURL(path.join(temporaryDirectory(), 'a trace.json'))
  const client = actor.connect()
  for (let round = 0; round < 2; round++) {
    const { operations, batches } = await actor.recordTrace(file, { seconds: 0.01 })
    const trace = readTrace(file)
    assert.deepEqual(trace.faults, [])
    assert.deepEqual([trace.data.operations, trace.data.batches], [operations, batches])
    await client.nop()
  }
  assert.equal(isRecording(actor.address), false)
  await client.close()
})
