/**
 * A small file server that Prometheus can watch: PUT and GET of /files/NAME go through the actor, and
 * GET /metrics tells what became of them. Run it from a clone, and end it with Ctrl-C:
 *
 *   node scripts/run.mjs examples/dist/07-prometheus.js [PORT]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type Actor, spawnActor } from '@uring-actor/actor'
import type { ActorStats, Distribution, OperationStats } from '@uring-actor/client'
import { Counter, Gauge, Registry, Summary } from 'prom-client'

type Labelled<T> = [labels: Record<string, string>, value: T]

interface Metric {
  help: string
  labelNames?: string[]
  read(stats: ActorStats): Labelled<number>[]
}

const only = <T>(value: T): Labelled<T>[] => [[{}, value]]

/** One value for each operation that has occurred, labelled with its name. */
function byOperation<T>(stats: ActorStats, value: (each: OperationStats) => T): Labelled<T>[] {
  return Object.entries(stats.operations).map(([operation, each]) => [{ operation }, value(each)])
}

/** What ends in `_total` is a counter, and only rises; the others are gauges. */
const METRICS: Record<string, Metric> = {
  operations_total: {
    help: 'Operations completed.',
    labelNames: ['operation'],
    read: (stats) => byOperation(stats, ({ count }) => count),
  },
  operation_errors_total: {
    help: 'Operations that failed, by the code of their error.',
    labelNames: ['operation', 'code'],
    read: (stats) =>
      byOperation(stats, ({ errorCodes }) => errorCodes).flatMap(([labels, codes]) =>
        Object.entries(codes).map(
          ([code, count]): Labelled<number> => [{ ...labels, code }, count],
        ),
      ),
  },
  operation_bytes_total: {
    help: 'Bytes read and written.',
    labelNames: ['operation'],
    read: (stats) =>
      byOperation(stats, ({ bytes }) => bytes).filter(([{ operation }]) =>
        ['read', 'write'].includes(operation!),
      ),
  },
  enters_total: {
    help: 'Calls of io_uring_enter, also those that only waited.',
    read: ({ enters }) => only(enters),
  },
  submissions_total: {
    help: 'Calls of io_uring_enter that submitted operations.',
    read: ({ submissions }) => only(submissions),
  },
  submitted_operations_total: {
    help: 'Operations submitted to the engine; not those made in the page cache without it.',
    read: ({ submitted }) => only(submitted),
  },
  operations_per_enter: {
    help: 'Operations in a submission, on average since the start.',
    read: ({ operationsPerEnter }) => only(operationsPerEnter),
  },
  retries_total: {
    help: 'Transfers that were short or interrupted and went on.',
    read: ({ retries }) => only(retries),
  },
  wakes_total: {
    help: 'Times that the thread of a client was woken.',
    read: ({ wakes }) => only(wakes),
  },
  busy_seconds_total: {
    help: 'Time in the code of the actor.',
    read: ({ busyMicros }) => only(busyMicros / 1e6),
  },
  idle_seconds_total: {
    help: 'Time that the actor waited.',
    read: ({ idleMicros }) => only(idleMicros / 1e6),
  },
  in_flight_operations: {
    help: 'Operations under way.',
    read: ({ inFlight }) => only(inFlight),
  },
  clients: {
    help: 'Clients connected.',
    read: ({ clients }) => only(clients.length),
  },
  info: {
    help: 'The engine, and how much is traced.',
    labelNames: ['engine', 'trace'],
    read: ({ engine, trace }) => [[{ engine, trace }, 1]],
  },
}

interface Distributions {
  help: string
  /** What one of its own is in the unit of the metric. */
  unit: number
  read(stats: ActorStats): Labelled<Distribution>[]
}

function times(stage: 'total' | 'busy' | 'idle' | 'queue' | 'batch' | 'kernel' | 'delivery') {
  const unit = 1e-6
  return { unit, read: (stats: ActorStats) => byOperation(stats, (each) => each[stage]) }
}

const SUMMARIES: Record<string, Distributions> = {
  operation_seconds: { help: 'From the call to its result.', ...times('total') },
  operation_busy_seconds: { help: 'Time in our code, on both threads.', ...times('busy') },
  operation_idle_seconds: { help: 'The rest of the time.', ...times('idle') },
  operation_queue_seconds: { help: 'Until the actor took it.', ...times('queue') },
  operation_batch_seconds: { help: 'From there until it was submitted.', ...times('batch') },
  operation_kernel_seconds: { help: 'From there until it had completed.', ...times('kernel') },
  operation_delivery_seconds: { help: 'From there until it was settled.', ...times('delivery') },
  batch_operations: { help: 'Operations in one submission.', unit: 1, read: (s) => only(s.batch) },
  depth_operations: { help: 'In flight at a submission.', unit: 1, read: (s) => only(s.depth) },
}

/** A summary of what was counted elsewhere; prom-client's own wants each value by itself. */
class CountedSummary extends Summary {
  readonly #name: string
  readonly #of: Distributions
  readonly #stats: () => Promise<ActorStats>

  constructor(name: string, of: Distributions, from: Registry, stats: () => Promise<ActorStats>) {
    super({ name, help: of.help, registers: [from] })
    this.#name = name
    this.#of = of
    this.#stats = stats
  }

  override async get(): ReturnType<Summary['get']> {
    const { unit, read } = this.#of
    const metricName = this.#name
    const values = []
    for (const [labels, { count, mean, p50, p90, p99, p999, max }] of read(await this.#stats())) {
      const quantiles = { 0.5: p50, 0.9: p90, 0.99: p99, 0.999: p999, 1: max }
      for (const [quantile, value] of Object.entries(quantiles)) {
        values.push({ metricName, labels: { ...labels, quantile }, value: value * unit })
      }
      values.push({ metricName: `${metricName}_sum`, labels, value: mean * count * unit })
      values.push({ metricName: `${metricName}_count`, labels, value: count })
    }
    return { ...(await super.get()), values }
  }
}

/** The actor's statistics as metrics. They are asked for once a scrape, which all metrics share. */
function metricsOf(actor: Actor): Registry {
  const registry = new Registry()
  let scrape: Promise<ActorStats> | null = null
  const stats = (): Promise<ActorStats> => {
    scrape ??= actor.stats().finally(() => {
      scrape = null
    })
    return scrape
  }
  for (const [name, { help, labelNames = [], read }] of Object.entries(METRICS)) {
    const MetricKind = name.endsWith('_total') ? Counter : Gauge
    const metric: Counter | Gauge = new MetricKind({
      ...{ name: `uring_actor_${name}`, help, labelNames, registers: [registry] },
      collect: async () => {
        const values = read(await stats())
        metric.reset()
        for (const [labels, value] of values) metric.inc(labels, value)
      },
    })
  }
  for (const [name, distributions] of Object.entries(SUMMARIES)) {
    new CountedSummary(`uring_actor_${name}`, distributions, registry, stats)
  }
  return registry
}

const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const actor = await spawnActor({ trace: 'histogram' })
const client = actor.connect()
const registry = metricsOf(actor)

async function store(name: string, bytes: Buffer): Promise<number> {
  await using file = await client.open(path.join(folder, name), 'w')
  return (await file.write(bytes, { position: 0 })).bytesWritten
}

async function load(name: string): Promise<Buffer> {
  await using file = await client.open(path.join(folder, name))
  const { size } = await file.stat()
  // As node:fs, a read refuses a buffer that is empty.
  if (size === 0) return Buffer.alloc(0)
  return (await file.read(Buffer.alloc(size), { position: 0 })).buffer
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '' } = request
  const name = /^\/files\/([\w-]+)$/.exec(url)?.[1]
  if (method === 'GET' && url === '/metrics') {
    response.setHeader('content-type', registry.contentType).end(await registry.metrics())
  } else if (method === 'PUT' && name !== undefined) {
    response.writeHead(201).end(`${await store(name, await buffer(request))} bytes\n`)
  } else if (method === 'GET' && name !== undefined) {
    response.end(await load(name))
  } else {
    response.writeHead(404).end('GET /metrics, or PUT and GET /files/NAME\n')
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: NodeJS.ErrnoException) => {
    response.writeHead(error.code === 'ENOENT' ? 404 : 500).end(`${error.message}\n`)
  })
})
server.listen(Number(process.argv[2] ?? 9464), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  console.log(`listening on http://127.0.0.1:${port}`)
})

/** Answers what was asked already, then ends. */
function end(): void {
  server.close(() => actor.close())
  server.closeIdleConnections()
}
process.once('SIGINT', end)
process.once('SIGTERM', end)
