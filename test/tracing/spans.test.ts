// Spans: what is published for each operation, in which order, in whose async context, and for which share
// of the operations; lines on stderr; and what the actor tells of slow operations.
import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { after, before, describe, test } from 'node:test'
import { type Actor, spawnActor } from '@uring-actor/actor'
import {
  type Client,
  type OperationSpan,
  type SlowOperation,
  TRACING_CHANNEL,
  type UringFile,
} from '@uring-actor/client'
import { reportOf, runScript } from '../support/child.ts'
import { within } from '../support/outcome.ts'
import { SlowPipe } from '../support/pipe.ts'
import { eventually } from '../support/process-state.ts'
import { temporaryFile } from '../support/temporary.ts'
import { workerOf } from '../support/watched-workers.ts'

type Event = 'start' | 'end' | 'asyncStart' | 'asyncEnd' | 'error'
const EVENTS: readonly Event[] = ['start', 'end', 'asyncStart', 'asyncEnd', 'error']

interface Seen {
  event: Event
  span: OperationSpan
  store: unknown
}

const caller = new AsyncLocalStorage<string>()
const path = temporaryFile(1 << 16)

/** Runs something, and returns all that was published meanwhile. */
async function seenDuring(run: () => unknown): Promise<Seen[]> {
  const seen: Seen[] = []
  const listeners = Object.fromEntries(
    EVENTS.map((event) => [
      event,
      (span: OperationSpan) => seen.push({ event, span, store: caller.getStore() }),
    ]),
  )
  const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
  channel.subscribe(listeners as never)
  try {
    await run()
  } finally {
    channel.unsubscribe(listeners as never)
  }
  return seen
}

const namesOf = (seen: readonly Seen[]): Event[] => seen.map(({ event }) => event)

describe('spans', () => {
  let actor: Actor
  let client: Client
  let file: UringFile

  before(async () => {
    actor = await spawnActor({ trace: 'span', channelDepth: 4 })
    client = actor.connect()
    file = await client.open(path, 'r')
  })
  after(() => actor.close())

  test('of an asynchronous operation are start, end, asyncStart and asyncEnd, of one object', async () => {
    const before = performance.timeOrigin + performance.now()
    const seen = await seenDuring(() => file.read(Buffer.alloc(100), 0, 100, 4096))
    assert.deepEqual(namesOf(seen), ['start', 'end', 'asyncStart', 'asyncEnd'])
    const [{ span }] = seen as [Seen]
    for (const each of seen) assert.equal(each.span, span)
    const { operation, threadId, position, length, result, error, blocking, startTime } = span
    assert.deepEqual(
      { operation, threadId, file: span.file, position, length, result, error, blocking },
      // biome-ignore format: one operation, one line
      { operation: 'read', threadId: 0, file: path, position: 4096, length: 100, result: 100, error: undefined, blocking: false },
    )
    assert.ok(Math.abs(startTime - before) < 1000, `${startTime} is not near ${before}`)
    const { total, busy, idle, queue, batch, kernel, delivery } = span.stages!
    for (const micros of [total, busy, idle, queue, batch, kernel, delivery]) assert.ok(micros >= 0)
    assert.ok(Math.abs(queue + batch + kernel + delivery - total) < 1e-2)
    assert.ok(Math.abs(busy + idle - total) < 1e-2)
  })

  test('of one that fails have its error, in the shape of node:fs', async () => {
    const missing = `${path}.missing`
    const seen = await seenDuring(() => assert.rejects(client.open(missing), { code: 'ENOENT' }))
    assert.deepEqual(namesOf(seen), ['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    const { error, operation, file: name, result } = seen[0]!.span
    assert.deepEqual([operation, name, result], ['open', missing, undefined])
    assert.deepEqual(
      { ...error, message: undefined },
      { code: 'ENOENT', errno: -2, syscall: 'open', path: missing, message: undefined },
    )
  })

  test('of a blocking call are start and end, and error between them', async () => {
    const good = await seenDuring(() => file.readSync(Buffer.alloc(10), 0, 10, null))
    assert.deepEqual(namesOf(good), ['start', 'end'])
    assert.deepEqual([good[0]!.span.blocking, good[0]!.span.position], [true, null])
    assert.ok(good[0]!.span.stages)
    const bad = await seenDuring(() => assert.throws(() => client.openSync(`${path}.missing`)))
    assert.deepEqual(namesOf(bad), ['start', 'error', 'end'])
  })

  test('have the async context of their caller, also those that wait for room', async () => {
    // Twelve callers for a channel of four: eight wait, and are let in by the others' completions.
    const seen = await seenDuring(() =>
      Promise.all(
        Array.from({ length: 12 }, (_, index) =>
          caller.run(`caller ${index}`, async () => {
            await file.read(Buffer.alloc(10), 0, 10, index)
            assert.equal(caller.getStore(), `caller ${index}`)
          }),
        ),
      ),
    )
    assert.equal(seen.length, 4 * 12)
    for (const { span, store, event } of seen) {
      assert.equal(store, `caller ${span.position}`, event)
    }
  })

  test('end when the level has been lowered meanwhile', async () => {
    const pipe = new SlowPipe()
    const slow = await client.open(pipe.path, 'r')
    const seen = await seenDuring(async () => {
      const reading = slow.read(Buffer.alloc(1), 0, 1, null)
      await null
      actor.setTrace('off')
      pipe.feed(1)
      await reading
    })
    actor.setTrace('span')
    await slow.close()
    pipe.close()
    assert.deepEqual(namesOf(seen), ['start', 'end', 'asyncStart', 'asyncEnd'])
    assert.ok(seen[0]!.span.stages)
  })

  test('can have their operation given up by who sees them start: nobody in line is forgotten', async () => {
    const calling = new AsyncLocalStorage<AbortController>()
    const channel = tracingChannel<unknown, OperationSpan>(TRACING_CHANNEL)
    const giveUp = { start: () => calling.getStore()?.abort() }
    channel.subscribe(giveUp as never)
    try {
      const calls = Array.from({ length: 60 }, (_, n) => {
        const controller = new AbortController()
        const call = (): Promise<void> => client.nop({ signal: controller.signal })
        return n % 3 === 0 ? calling.run(controller, call) : call()
      })
      const results = await within(10_000, 'all calls', Promise.allSettled(calls))
      const given = results.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))
      assert.ok(given.length > 0 && given.every((n) => n % 3 === 0), `given up: ${given}`)
    } finally {
      channel.unsubscribe(giveUp as never)
    }
  })

  test('are published for the share that was asked for, evenly', async () => {
    actor.setTrace({ level: 'span', sample: 0.25 })
    try {
      const seen = await seenDuring(async () => {
        for (let reads = 0; reads < 100; reads++) await file.read(Buffer.alloc(1), 0, 1, reads)
      })
      const begun = seen.filter(({ event }) => event === 'start')
      assert.ok(begun.length === 25 || begun.length === 24, `${begun.length} of 100`)
      const positions = begun.map(({ span }) => span.position as number)
      for (let index = 1; index < positions.length; index++) {
        assert.equal(positions[index]! - positions[index - 1]!, 4)
      }
    } finally {
      actor.setTrace('span')
    }
  })

  test('are not made at the other levels', async () => {
    for (const level of ['off', 'histogram'] as const) {
      actor.setTrace(level)
      const seen = await seenDuring(() => file.read(Buffer.alloc(1), 0, 1, 0))
      assert.deepEqual(namesOf(seen), [], level)
    }
    actor.setTrace('span')
  })

  test('say position and length of what is no transfer', async () => {
    const writable = await client.open(temporaryFile(8192), 'r+')
    const seen = await seenDuring(async () => {
      await writable.trim(4096, 4096)
      await writable.truncate(100)
      await writable.datasync()
      await client.nop()
    })
    const spans = seen.filter(({ event }) => event === 'asyncEnd').map(({ span }) => span)
    const facts = spans.map(({ operation, position, length, file: name }) => {
      return [operation, position, length, name === writable.path]
    })
    assert.deepEqual(facts, [
      ['trim', 4096, 4096, true],
      ['ftruncate', undefined, 100, true],
      ['fsync', undefined, undefined, true],
      ['nop', undefined, undefined, false],
    ])
    await writable.close()
  })
})

test('a span ends with the error of an actor that dies under its operation', async () => {
  const actor = await spawnActor({ trace: 'span' })
  const client = actor.connect()
  const pipe = new SlowPipe()
  const slow = await client.open(pipe.path, 'r')
  const seen = await seenDuring(async () => {
    const reading = slow.read(Buffer.alloc(1), 0, 1, null)
    // It is in flight: the actor has taken it.
    assert.ok(await eventually(async () => (await actor.stats()).inFlight === 1, 10_000))
    const told = assert.rejects(reading, { code: 'ERR_URING_ACTOR_EXITED' })
    await workerOf(actor.address.threadId).terminate()
    await told
  })
  pipe.close()
  assert.deepEqual(namesOf(seen), ['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
  const { error, stages } = seen[0]!.span
  assert.deepEqual(
    [(error as NodeJS.ErrnoException).code, stages],
    ['ERR_URING_ACTOR_EXITED', undefined],
  )
})

describe('a program that is traced', () => {
  const child = new URL('./traced-child.js', import.meta.url)

  test('prints a line for each operation, from every thread, with URING_ACTOR_TRACE=log', async () => {
    const { code, stderr } = await runScript(child, {
      args: ['lines', path],
      env: { URING_ACTOR_TRACE: 'log' },
    })
    assert.equal(code, 0, stderr)
    const lines = stderr.trim().split('\n')
    const reads = lines.filter((line) => /: read\{/.test(line))
    assert.equal(reads.length, 6, stderr)
    for (const line of lines) {
      assert.match(
        line,
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z INFO uring_actor: \w+\{client\.thread=\d+.*\}: close time\.busy=[\d.]+(ns|µs|ms|s) time\.idle=[\d.]+(ns|µs|ms|s)$/,
      )
    }
    const threads = new Set(reads.map((line) => /client\.thread=(\d+)/.exec(line)![1]))
    assert.equal(threads.size, 2, 'the main thread and a worker')
  })

  test('is refused a level that is none, by the environment too', async () => {
    const report = await reportOf<{ code: string; message: string }>(child, {
      args: ['refused', path],
      env: { URING_ACTOR_TRACE: 'everything' },
    })
    assert.equal(report.code, 'ERR_INVALID_ARG_VALUE')
    assert.match(report.message, /URING_ACTOR_TRACE.*off, histogram, span, log.*everything/)
  })
})

describe('slow operations', () => {
  test('are told to the thread that spawned the actor, with the stage that was slow', async () => {
    await using actor = await spawnActor({ slowOperationMs: 40 })
    const client = actor.connect()
    const file = await client.open(path, 'r')
    await file.read(Buffer.alloc(10), 0, 10, 0)
    const told: SlowOperation[] = []
    actor.on('slowOperation', (slow) => told.push(slow))
    // With this under way it goes to the actor.
    const status = file.stat()
    const reading = file.read(Buffer.alloc(10), 0, 10, 77)
    // The requests go out when this turn ends, which is late. (Blocked after that, this thread may have the
    // answer already, on a busy machine.)
    const blocked = new Int32Array(new SharedArrayBuffer(4))
    Atomics.wait(blocked, 0, 0, 60)
    await Promise.all([status, reading])
    // The answer comes after what was told before it was asked for.
    await client.stats()
    await actor.stats()
    // On a busy machine the others may have been slow too.
    const slow = told.find(({ position }) => position === 77)
    assert.ok(slow !== undefined)
    const { operation, position, slowest, errorCode, file: name, stages } = slow
    assert.deepEqual([operation, position, name, errorCode], ['read', 77, path, undefined])
    assert.ok(stages.total >= 40_000)
    assert.equal(slowest, 'queue')
    assert.ok(stages.queue >= 40_000)
  })

  test('are told of by 50 a second and client, and the others counted', async () => {
    await using actor = await spawnActor({ slowOperationMs: 0.001 })
    const client = actor.connect()
    const slow: SlowOperation[] = []
    actor.on('slowOperation', (each) => slow.push(each))
    await client.open(path, 'r')
    for (let count = 0; count < 300; count++) await client.nop()
    // What was told before the answer to this was told before it.
    await client.stats()
    await actor.stats()
    assert.deepEqual([slow[0]!.operation, slow[0]!.file], ['open', path])
    assert.ok(slow.length >= 50, `${slow.length}`)
    assert.ok(slow.length < 300, `${slow.length}`)
  })
})
