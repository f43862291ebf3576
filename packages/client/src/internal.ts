/** What the actor's package shares with the client's beside the protocol; internal to the project. */
export {
  codeOf,
  errorCode,
  invalidType,
  invalidValue,
  isAbortSignal,
  outOfRange,
  refuseUnknown,
} from './errors/index.ts'
export * from './trace/histogram.ts'
export * from './trace/levels.ts'
export { RecordChunks } from './trace/record-chunks.ts'
export { latencyAt, type OperationLatency } from './trace/recorder.ts'
export { actorHeading } from './trace/stats.ts'
export { withTable } from './trace/table.ts'
