// The actor's statistics as OpenTelemetry's metrics, read back from its real SDK's exporter.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Attributes, metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { type Actor, spawnActor } from '@uring-actor/actor'
import { instrument } from '@uring-actor/actor/otel'
import type { Client } from '@uring-actor/client'
import { textOf } from '../docs/markdown.ts'
import { temporaryFile } from '../support/temporary.ts'

const BLOCK = 4096
const path = temporaryFile(4 * BLOCK)

/** An SDK of a test's own, and what it has exported when it is asked. */
class Collected {
  readonly provider: MeterProvider
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly reader: PeriodicExportingMetricReader

  constructor() {
    // It exports when it is told to: the interval does not pass in a test.
    const exportIntervalMillis = 2 ** 30
    this.reader = new PeriodicExportingMetricReader({
      exporter: this.#exporter,
      exportIntervalMillis,
      exportTimeoutMillis: exportIntervalMillis,
    })
    this.provider = new MeterProvider({ readers: [this.reader] })
  }

  /** The metrics by name, as they are now. */
  async now(): Promise<Map<string, MetricData>> {
    this.#exporter.reset()
    await this.provider.forceFlush()
    const scopes = this.#exporter.getMetrics().flatMap((resource) => resource.scopeMetrics)
    const found = scopes.flatMap(({ metrics }) => metrics)
    return new Map(found.map((metric) => [metric.descriptor.name, metric]))
  }
}

/** The value with these attributes and no others. */
function value(found: Map<string, MetricData>, name: string, attributes: Attributes = {}): unknown {
  const points = (found.get(name)?.dataPoints ?? []) as DataPoint<unknown>[]
  const wanted = JSON.stringify(attributes)
  return points.find((point) => JSON.stringify(point.attributes) === wanted)?.value
}

let actor: Actor
let client: Client

before(async () => {
  actor = await spawnActor({ trace: 'span' })
  client = actor.connect()
})

after(async () => {
  await client.close()
  await actor.close()
})

describe('metrics', () => {
  test('are what the actor counts, by operation and error', async () => {
    const sdk = new Collected()
    metrics.setGlobalMeterProvider(sdk.provider)
    using _ = instrument({ spans: false, metricsFrom: actor })
    const file = await client.open(path)
    for (let block = 0; block < 3; block++) await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    await client.nop()
    await assert.rejects(file.write(Buffer.alloc(1)), { code: 'EBADF' })
    await assert.rejects(client.open(`${path}-missing`), { code: 'ENOENT' })

    // What the actor does by itself goes on meanwhile: those counters are between two snapshots.
    const earlier = await actor.stats()
    const found = await sdk.now()
    const later = await actor.stats()
    const of = (operation: string): Attributes => ({ 'uring_actor.operation': operation })
    assert.equal(value(found, 'uring_actor.operations', of('read')), 3)
    assert.equal(value(found, 'uring_actor.operations', of('open')), 2)
    assert.equal(value(found, 'uring_actor.io', of('read')), 3 * BLOCK)
    assert.equal(value(found, 'uring_actor.errors', { ...of('write'), 'error.type': 'EBADF' }), 1)
    assert.equal(value(found, 'uring_actor.errors', { ...of('open'), 'error.type': 'ENOENT' }), 1)
    assert.equal(value(found, 'uring_actor.in_flight'), 0)
    assert.equal(value(found, 'uring_actor.clients'), 1)
    assert.equal(value(found, 'uring_actor.open_files'), 1)
    for (const counter of ['submitted', 'submissions', 'enters', 'wakes'] as const) {
      const told = value(found, `uring_actor.${counter}`) as number
      assert.ok(told >= earlier[counter] && told <= later[counter], `${counter}: ${told}`)
    }
    assert.ok(later.submitted > 0 && later.enters > 0)
    assert.equal(value(found, 'uring_actor.cached_reads'), 3)
    assert.equal(value(found, 'uring_actor.cached_writes'), later.cachedWrites)
    await file.close()
  })

  test('have the names and units that docs/tracing.md lists', async () => {
    const [, section] = textOf('docs/tracing.md').split('### Metrics\n')
    const rows = section!.matchAll(/^\| `(uring_actor\.\S+)` +\| `(\S+)` +\|/gm)
    const listed = Array.from(rows, ([, name, unit]) => [name, unit])

    const sdk = new Collected()
    using _ = instrument({ metricsFrom: client, meterProvider: sdk.provider })
    await client.nop()
    const told = Array.from(await sdk.now(), ([name, { descriptor }]) => [name, descriptor.unit])
    assert.deepEqual(told.sort(), listed.sort())
  })

  test('tell the time that the actor was busy and idle, in seconds', async () => {
    const sdk = new Collected()
    using _ = instrument({ spans: false, metricsFrom: client, meterProvider: sdk.provider })
    const before = await actor.stats()
    const found = await sdk.now()
    const after = await client.actorStats()
    for (const state of ['busy', 'idle'] as const) {
      const seconds = value(found, 'uring_actor.time', { 'uring_actor.state': state }) as number
      const key = `${state}Micros` as const
      assert.ok(before[key] <= seconds * 1e6 + 1 && seconds * 1e6 - 1 <= after[key], `${seconds}`)
    }
  })

  test('have a histogram of the durations of this thread', async () => {
    const sdk = new Collected()
    using _ = instrument({ meterProvider: sdk.provider })
    await using file = await client.open(path)
    const began = performance.now()
    for (let block = 0; block < 4; block++) await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    file.readSync(Buffer.alloc(BLOCK), 0, BLOCK, 0)
    const elapsed = (performance.now() - began) / 1000
    await assert.rejects(client.open(`${path}-missing`), { code: 'ENOENT' })

    const found = await sdk.now()
    const name = 'uring_actor.operation.duration'
    const reads = value(found, name, { 'uring_actor.operation': 'read' }) as Histogram
    assert.equal(reads.count, 5)
    assert.ok(reads.sum! > 0 && reads.sum! <= elapsed, `${reads.sum} of ${elapsed} s`)
    assert.ok(reads.buckets.boundaries[0]! < 1e-5, 'its buckets are fit for microseconds')
    const failed = { 'uring_actor.operation': 'open', 'error.type': 'ENOENT' }
    assert.equal((value(found, name, failed) as Histogram).count, 1)
  })

  test('stay as they are after disable()', async () => {
    const sdk = new Collected()
    const nops = async (): Promise<unknown> =>
      value(await sdk.now(), 'uring_actor.operations', { 'uring_actor.operation': 'nop' })
    const instrumentation = instrument({ metricsFrom: actor, meterProvider: sdk.provider })
    await client.nop()
    const before = await nops()
    await client.nop()
    assert.equal(await nops(), Number(before) + 1)
    instrumentation.disable()
    await client.nop()
    assert.equal(await nops(), Number(before) + 1)
  })

  test('of a client that has closed are no error', async () => {
    const sdk = new Collected()
    const other = actor.connect()
    using _ = instrument({ metricsFrom: other, meterProvider: sdk.provider })
    assert.equal(value(await sdk.now(), 'uring_actor.clients'), 2)
    await other.close()
    const { errors } = await sdk.reader.collect()
    assert.deepEqual(errors, [])
  })

  test('of an actor that ends while it is asked are no error, but any other is', async () => {
    for (const [code, expected] of [
      ['ERR_URING_ACTOR_EXITED', []],
      ['ERR_URING_CLIENT_CLOSED', []],
      ['ERR_URING_PROTOCOL', ['as planned']],
    ] as const) {
      const sdk = new Collected()
      const planned = Object.assign(new Error('as planned'), { code })
      const failing = { closed: false, stats: () => Promise.reject(planned) }
      using _ = instrument({ metricsFrom: failing as never, meterProvider: sdk.provider })
      const { errors } = await sdk.reader.collect()
      const messages = errors.map((error) => (error as Error).message)
      assert.deepEqual(messages, expected, code)
    }
  })
})
