// Operations as OpenTelemetry's spans and metrics, with its real SDK: each span has its caller's as
// parent, what is known of the operation, and its times; metrics are the actor's statistics.
import assert from 'node:assert/strict'
import { tracingChannel } from 'node:diagnostics_channel'
import { after, afterEach, before, describe, test } from 'node:test'
import { threadId } from 'node:worker_threads'
import { type HrTime, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import {
  ATTR_ERROR_TYPE,
  ATTR_FILE_PATH,
  ATTR_THREAD_ID,
} from '@opentelemetry/semantic-conventions/incubating'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { type Instrumentation, instrument } from '@uring-actor/actor/otel'
import {
  type Client,
  type OperationSpan,
  TRACING_CHANNEL,
  type UringFile,
} from '@uring-actor/client'
import { textOf } from '../docs/markdown.ts'
import { temporaryFile } from '../support/temporary.ts'
import { runTask } from '../support/thread.ts'
import type { SpansOfAThread } from './otel-task.ts'

const BLOCK = 4096
const path = temporaryFile(64 * BLOCK)
const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = trace.getTracer('test')
let actor: Actor
let client: Client
let file: UringFile
let instrumentation: Instrumentation

/** What has ended since the last test, of ours or not. */
function spansOf(name: string): ReadableSpan[] {
  return exporter.getFinishedSpans().filter((span) => span.name === name)
}

function onlySpanOf(name: string): ReadableSpan {
  const found = spansOf(name)
  assert.equal(found.length, 1, name)
  return found[0]!
}

function micros([seconds, nanos]: HrTime): number {
  return seconds * 1e6 + nanos / 1e3
}

/** The sum of some stages, as the span has them. */
function stages({ attributes }: ReadableSpan, ...names: string[]): number {
  return names.reduce((sum, name) => {
    const value = attributes[`uring_actor.${name}_micros`]
    assert.ok(typeof value === 'number' && value >= 0, `${name}: ${value}`)
    return sum + value
  }, 0)
}

/** Runs a call in a span of the caller's. */
function within<T>(name: string, call: () => Promise<T>): Promise<T> {
  return tracer.startActiveSpan(name, async (span) => {
    try {
      return await call()
    } finally {
      span.end()
    }
  })
}

before(async () => {
  provider.register()
  // Few at a time: most of what is called at once waits, and is posted when another one has ended.
  actor = await spawnActor({ trace: 'span', channelDepth: 4 })
  client = actor.connect()
  file = await client.open(path)
  instrumentation = instrument()
})

afterEach(() => exporter.reset())

after(async () => {
  instrumentation.disable()
  await file.close()
  await client.close()
  await actor.close()
  await provider.shutdown()
})

describe('a span', () => {
  test('has the span that its caller was in as parent', async () => {
    await within('caller', () => file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0))
    const caller = onlySpanOf('caller')
    const read = onlySpanOf('uring.read')
    assert.equal(read.parentSpanContext?.spanId, caller.spanContext().spanId)
    assert.equal(read.spanContext().traceId, caller.spanContext().traceId)
    assert.equal(read.kind, SpanKind.INTERNAL)
  })

  test('has its own caller as parent, also among many at the same time', async () => {
    const callers = 16
    await Promise.all(
      Array.from({ length: callers }, (_, caller) =>
        within(`caller ${caller}`, async () => {
          const buffer = Buffer.alloc(caller + 1)
          // The later ones from another turn of the event loop, and several at once.
          await file.read(buffer, 0, buffer.length, 0)
          await new Promise(setImmediate)
          await Promise.all([1, 2, 3].map((at) => file.read(buffer, 0, buffer.length, at)))
        }),
      ),
    )
    assert.equal(spansOf('uring.read').length, 4 * callers)
    for (let caller = 0; caller < callers; caller++) {
      const parent = onlySpanOf(`caller ${caller}`).spanContext().spanId
      const reads = spansOf('uring.read').filter(
        (span) => span.attributes['uring_actor.length'] === caller + 1,
      )
      assert.deepEqual(
        reads.map((span) => span.parentSpanContext?.spanId),
        [parent, parent, parent, parent],
      )
    }
  })

  test('has its caller as parent when the call blocks', async () => {
    await within('caller', async () => file.readSync(Buffer.alloc(BLOCK), 0, BLOCK, 0))
    const read = onlySpanOf('uring.read')
    assert.equal(read.parentSpanContext?.spanId, onlySpanOf('caller').spanContext().spanId)
    assert.equal(read.attributes['uring_actor.blocking'], true)
    assert.equal(read.attributes['uring_actor.result'], BLOCK)
  })

  test('is a root where the caller is in none', async () => {
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    assert.equal(onlySpanOf('uring.read').parentSpanContext, undefined)
  })

  test('tells the file, the place, the thread and the result', async () => {
    // The second half of what is asked for lies beyond the end of the file.
    await file.read(Buffer.alloc(2 * BLOCK), 0, 2 * BLOCK, 63 * BLOCK)
    const { attributes, status } = onlySpanOf('uring.read')
    assert.equal(attributes[ATTR_FILE_PATH], path)
    assert.equal(attributes[ATTR_THREAD_ID], threadId)
    assert.equal(attributes['uring_actor.operation'], 'read')
    assert.equal(attributes['uring_actor.position'], 63 * BLOCK)
    assert.equal(attributes['uring_actor.length'], 2 * BLOCK)
    assert.equal(attributes['uring_actor.result'], BLOCK)
    assert.equal(attributes['uring_actor.blocking'], false)
    assert.equal(attributes[ATTR_ERROR_TYPE], undefined)
    assert.equal(status.code, SpanStatusCode.UNSET)
  })

  test('has no attributes but those that docs/tracing.md lists, and has them all', async () => {
    const [, section] = textOf('docs/tracing.md').split(/^### (?:Spans|Metrics)\n/m)
    const rows = section!.matchAll(/^\| `([a-z_.]+)` +\|/gm)
    const listed = Array.from(rows, ([, name]) => name)

    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    await assert.rejects(file.write(Buffer.alloc(BLOCK), 0, BLOCK, 0), { code: 'EBADF' })
    const told = exporter.getFinishedSpans().flatMap(({ attributes }) => Object.keys(attributes))
    assert.deepEqual([...new Set(told)].sort(), listed.sort())
  })

  test("of a read at the file's own position has none", async () => {
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, null)
    const { attributes } = onlySpanOf('uring.read')
    assert.equal('uring_actor.position' in attributes, false)
    assert.equal(attributes['uring_actor.length'], BLOCK)
  })

  test('begins and ends with the operation, and its stages fill it', async () => {
    const before = performance.now()
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    const elapsed = (performance.now() - before) * 1000
    const read = onlySpanOf('uring.read')
    const duration = micros(read.duration)
    assert.ok(duration > 0 && duration <= elapsed, `${duration} of ${elapsed} µs`)
    const queueToDelivery = stages(read, 'queue', 'batch', 'kernel', 'delivery')
    // To the nanoseconds that spans have.
    assert.ok(Math.abs(queueToDelivery - duration) < 0.01, `${queueToDelivery}, ${duration}`)
    const both = stages(read, 'busy', 'idle')
    assert.ok(Math.abs(both - duration) < 0.01, `${both}, ${duration}`)
    // A number of milliseconds since the epoch is exact to a quarter of a microsecond.
    const began = micros(read.startTime) - (performance.timeOrigin + before) * 1000
    assert.ok(began > -2 && began < elapsed + 2, `it began ${began} µs after the call`)
  })

  test('of what fails has the error, which the caller gets as ever', async () => {
    const missing = `${path}-missing`
    await assert.rejects(
      within('caller', () => client.open(missing)),
      { code: 'ENOENT' },
    )
    const open = onlySpanOf('uring.open')
    assert.equal(open.parentSpanContext?.spanId, onlySpanOf('caller').spanContext().spanId)
    assert.equal(open.status.code, SpanStatusCode.ERROR)
    assert.match(open.status.message!, /^ENOENT: no such file/)
    assert.equal(open.attributes[ATTR_ERROR_TYPE], 'ENOENT')
    assert.equal(open.attributes[ATTR_FILE_PATH], missing)
    assert.equal(open.attributes['uring_actor.result'], undefined)
    const [event] = open.events
    assert.equal(event?.name, 'exception')
    assert.equal(event.attributes?.['exception.type'], 'ENOENT')
  })

  test('of what is lost with its actor ends all the same', () => {
    // As the client publishes it when the actor has died: with an error, and without stages.
    const startTime = performance.timeOrigin + performance.now() - 5
    const operation: OperationSpan = {
      operation: 'read',
      threadId,
      file: path,
      position: 0,
      length: BLOCK,
      startTime,
      result: undefined,
      error: undefined,
      blocking: false,
      stages: undefined,
    }
    const { start, end, error, asyncStart, asyncEnd } = tracingChannel(TRACING_CHANNEL)
    start.publish(operation)
    end.publish(operation)
    assert.equal(spansOf('uring.read').length, 0)
    operation.error = Object.assign(new Error('gone'), { code: 'ERR_URING_ACTOR_EXITED' })
    for (const event of [error, asyncStart, asyncEnd]) event.publish(operation)
    const read = onlySpanOf('uring.read')
    assert.equal(read.attributes[ATTR_ERROR_TYPE], 'ERR_URING_ACTOR_EXITED')
    assert.equal(read.attributes['uring_actor.kernel_micros'], undefined)
    assert.ok(micros(read.duration) >= 4999, `${micros(read.duration)} µs`)
  })

  test('of a blocking call that fails has the error too', () => {
    assert.throws(() => client.openSync(`${path}-missing`), { code: 'ENOENT' })
    assert.equal(onlySpanOf('uring.open').attributes[ATTR_ERROR_TYPE], 'ENOENT')
  })
})

describe('threads', () => {
  test('have their own spans, and not those of others', async () => {
    const module = new URL('./otel-task.js', import.meta.url)
    const seen = await runTask<SpansOfAThread>(module, 'readInASpan', path)
    assert.equal(seen.names.length, 1)
    assert.deepEqual(seen.names, ['uring.read'])
    assert.equal(seen.childOfCaller, true)
    assert.notEqual(seen.threadId, threadId)
    assert.equal(seen.attribute, seen.threadId)
    assert.deepEqual(exporter.getFinishedSpans(), [])
  })
})

describe('disable()', () => {
  test('makes no spans any more, but ends those under way', async () => {
    instrumentation.disable()
    const other = instrument()
    const underWay = file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    other.disable()
    other.disable()
    const after = file.read(Buffer.alloc(BLOCK), 0, BLOCK, BLOCK)
    await Promise.all([underWay, after])
    assert.equal(onlySpanOf('uring.read').attributes['uring_actor.position'], 0)
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    assert.equal(spansOf('uring.read').length, 1)
    instrumentation = instrument()
  })

  test('is called at the end of a block', async () => {
    instrumentation.disable()
    {
      using _ = instrument()
      await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    }
    await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    assert.equal(spansOf('uring.read').length, 1)
    instrumentation = instrument()
  })
})

describe('instrument()', () => {
  test('names what is wrong with its options', () => {
    const wrong: [unknown, string, RegExp][] = [
      [null, 'ERR_INVALID_ARG_TYPE', /"options" argument must be of type object\. Received null/],
      [
        7,
        'ERR_INVALID_ARG_TYPE',
        /"options" argument must be of type object\. Received type number \(7\)/,
      ],
      [{ span: true }, 'ERR_INVALID_ARG_VALUE', /"options\.span" is no option of instrument\(\)/],
      [
        { spans: 'yes' },
        'ERR_INVALID_ARG_TYPE',
        /"options\.spans" .* boolean\. Received type string \('yes'\)/,
      ],
      [
        { metricsFrom: {} },
        'ERR_INVALID_ARG_TYPE',
        /"options\.metricsFrom" .* an Actor or a Client/,
      ],
      [{ metricsFrom: null }, 'ERR_INVALID_ARG_TYPE', /"options\.metricsFrom" .*Received null/],
      [
        { tracerProvider: 1 },
        'ERR_INVALID_ARG_TYPE',
        /"options\.tracerProvider" .*Received type number \(1\)/,
      ],
      [
        { meterProvider: {} },
        'ERR_INVALID_ARG_TYPE',
        /"options\.meterProvider" .* a MeterProvider/,
      ],
    ]
    for (const [options, code, message] of wrong) {
      assert.throws(() => instrument(options as never), { name: 'TypeError', code, message })
    }
  })
})
