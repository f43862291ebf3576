import { readFileSync } from 'node:fs'
import { metrics, trace } from '@opentelemetry/api'
import { observeStatistics } from './metrics.ts'
import { checkOptions, type InstrumentOptions } from './options.ts'
import { recordSpans } from './spans.ts'

export type { InstrumentOptions }

const NAME = '@uring-actor/actor'

/** Spans and metrics that are being made, until `disable()` or the end of a `using` block. */
export class Instrumentation {
  readonly #stops: (() => void)[]

  /** `stops` end what was begun, one thing each. */
  constructor(stops: (() => void)[]) {
    this.#stops = stops
  }

  /**
   * Makes no spans of operations that begin from now on, and no metrics. Spans of operations under
   * way still get their end. Does nothing when called again.
   */
  disable(): void {
    for (const stop of this.#stops.splice(0)) stop()
  }

  [Symbol.dispose](): void {
    this.disable()
  }
}

/**
 * Makes OpenTelemetry's spans of this thread's operations, and metrics of an actor's statistics.
 * Each thread has its own spans: call it once in each that is to have them, when the SDK has
 * started. Throws Node's argument errors for bad options.
 */
export function instrument(options: InstrumentOptions = {}): Instrumentation {
  checkOptions(options)
  const { spans = true, metricsFrom } = options
  const version = packageVersion()
  const meter = (options.meterProvider ?? metrics).getMeter(NAME, version)
  const stops: (() => void)[] = []
  if (spans) {
    const tracer = (options.tracerProvider ?? trace).getTracer(NAME, version)
    stops.push(recordSpans(tracer, meter))
  }
  if (metricsFrom !== undefined) stops.push(observeStatistics(meter, metricsFrom))
  return new Instrumentation(stops)
}

/** This package's version: OpenTelemetry keeps it with everything that we make. */
function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
