/** What the actor needs of tracing; internal to the project. */
export { errorCode, invalidType, invalidValue, outOfRange } from '../errors/index.ts'
export * from './histogram.ts'
export * from './levels.ts'
export { RecordChunks } from './record-chunks.ts'
export { latencyAt, type OperationLatency } from './recorder.ts'
export { actorHeading } from './stats.ts'
export { withTable } from './table.ts'
