/**
 * Operations as spans of OpenTelemetry, below those of the code that calls them, and the actor's
 * statistics as metrics. Here they stay in memory and are printed at the end; in a program, give
 * the SDK the exporter of your choice. Run it from a clone:
 *
 *   node scripts/run.mjs examples/dist/06-opentelemetry.js
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { spawnActor } from '@uring-actor/actor'
import { instrument } from '@uring-actor/actor/otel'
import { connect } from '@uring-actor/client'

const folder = mkdtempSync(path.join(tmpdir(), 'uring-actor-example-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

// The SDK first, as ever.
const spans = new InMemorySpanExporter()
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register()
const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const meterProvider = new MeterProvider({
  readers: [new PeriodicExportingMetricReader({ exporter })],
})
metrics.setGlobalMeterProvider(meterProvider)

await using actor = await spawnActor({ trace: 'span' })
await using client = connect()
using _ = instrument({ metricsFrom: actor })
const tracer = trace.getTracer('example')

/** Writes a file and reads it, in a span of its own. */
function copy(name: string, bytes: number): Promise<void> {
  return tracer.startActiveSpan(`copy ${name}`, async (span) => {
    const file = await client.open(path.join(folder, name), 'w+')
    await file.write(Buffer.alloc(bytes, name), 0, bytes, 0)
    await file.datasync()
    await file.read(Buffer.alloc(bytes), 0, bytes, 0)
    await file.close()
    span.end()
  })
}

// Two at the same time: each operation is below the span of its own caller.
await Promise.all([copy('a', 65_536), copy('b', 4096)])
await tracer.startActiveSpan('find', async (span) => {
  await client.open(path.join(folder, 'missing')).catch(() => {})
  span.end()
})

/** One line for an operation: what it was, what came of it, and where its time went. */
function line({ duration, attributes }: ReadableSpan): string {
  const micros = duration[0] * 1e6 + duration[1] / 1e3
  const kernel = Number(attributes['uring_actor.kernel_micros'])
  const length = attributes['uring_actor.length']
  const outcome = attributes['error.type'] ?? (length === undefined ? '' : `${length} bytes`)
  const what = [attributes['uring_actor.operation'], outcome].filter(Boolean).join(', ')
  return `${what}: ${micros.toFixed(1)} µs, ${kernel.toFixed(1)} of them in the kernel`
}

const finished = spans.getFinishedSpans()
for (const caller of finished.filter((span) => span.parentSpanContext === undefined)) {
  console.log(caller.name)
  for (const span of finished) {
    if (span.parentSpanContext?.spanId === caller.spanContext().spanId)
      console.log(`  ${line(span)}`)
  }
}

await meterProvider.forceFlush()
for (const { metrics } of exporter.getMetrics().at(-1)?.scopeMetrics ?? []) {
  for (const { descriptor, dataPoints } of metrics) {
    if (descriptor.name !== 'uring_actor.operations') continue
    for (const { attributes, value } of dataPoints) {
      console.log(`${attributes['uring_actor.operation']}: ${value} times`)
    }
  }
}
