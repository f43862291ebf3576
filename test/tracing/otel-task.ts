// Tasks of the tests of OpenTelemetry, for threads of their own.
import { threadId } from 'node:worker_threads'
import { trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { instrument } from '@uring-actor/actor/otel'
import { connect } from '@uring-actor/client'

export interface SpansOfAThread {
  threadId: number
  names: string[]
  /** Whether the first span's parent is the one that the task opened. */
  childOfCaller: boolean
  /** The thread as the first span has it. */
  attribute: unknown
}

/** Reads from a file in a span of this thread's, which has an SDK of its own. */
export async function readInASpan(path: string): Promise<SpansOfAThread> {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  await using client = connect()
  await using file = await client.open(path)
  const parent = await trace.getTracer('test').startActiveSpan('caller', async (caller) => {
    using _ = instrument()
    await file.read(Buffer.alloc(16), 0, 16, 0)
    return caller.spanContext().spanId
  })
  const spans = exporter.getFinishedSpans()
  return {
    threadId,
    names: spans.map((span) => span.name),
    childOfCaller: spans[0]?.parentSpanContext?.spanId === parent,
    attribute: spans[0]?.attributes['thread.id'],
  }
}
