/** Operations as OpenTelemetry's spans and metrics. What needs @opentelemetry/api is only here. */
export { type Instrumentation, type InstrumentOptions, instrument } from './instrument.ts'
