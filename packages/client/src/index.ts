/** The client: file I/O from any thread of the process, through the process's actor. */
export type { ChainBuilder, ChainError } from './client/chain.ts'
export { Client, type OpenOptions } from './client/client.ts'
export { connect } from './client/connect.ts'
export type { ControlPlane } from './client/control.ts'
export {
  AbortError,
  BusyError,
  type BusyReason,
  type OperationOutcome,
  TimeoutError,
} from './errors/given-up-error.ts'
export type { SystemError } from './errors/system-error.ts'
export { UringError, type UringErrorCode } from './errors/uring-error.ts'
export type { OperationOptions, ReadOptions, TrimResult, WriteOptions } from './file/options.ts'
export type { PathLike } from './file/path.ts'
export { UringBigIntStats, UringStats } from './file/stats.ts'
export type {
  ReadStreamOptions,
  UringReadStream,
  UringWriteStream,
  WriteStreamOptions,
} from './file/streams.ts'
export type { ReadResult, WriteResult } from './file/transfer.ts'
export { UringFile } from './file/uring-file.ts'
export type { WebStreamOptions } from './file/web-stream.ts'
export type { FileData } from './file/whole-file.ts'
export { Lease } from './memory/lease.ts'
export type { ActorAddress, ActorLimits, TrimMethod } from './protocol/index.ts'
export type { Distribution } from './trace/histogram.ts'
export type { OperationLatency } from './trace/recorder.ts'
export type { ActorStats, ClientStats } from './trace/stats.ts'
export {
  type OperationFacts,
  type OperationSpan,
  type OperationStats,
  type SlowOperation,
  type Stages,
  TRACING_CHANNEL,
  type TraceLevel,
  type TraceOptions,
} from './trace/types.ts'
export type { AbortOptions, CallOptions } from './transport/call-bounds.ts'
