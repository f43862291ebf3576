import type { ActorStats, ClientStats, Distribution } from '@uring-actor/client'
import { distributionAt, levelOf } from '@uring-actor/client/internal'
import {
  HISTOGRAM_F64,
  nowMicros,
  OPERATION_READ,
  OPERATION_WRITE,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Departed } from '../channels/departed.ts'
import type { EngineChoice } from '../engine/choice.ts'
import type { Engine } from '../engine/engine.ts'
import type { FileTable } from '../files/file-table.ts'
import type { ActorLoop } from '../loop/actor-loop.ts'
import type { Dispatcher } from '../operations/dispatcher.ts'
import { operationStats } from './operation-statistics.ts'

export interface StatisticsParts {
  readonly engine: Engine
  readonly choice: EngineChoice
  readonly dispatcher: Dispatcher
  readonly files: FileTable
  readonly loop: ActorLoop
  readonly channels: ReadonlyArray<Channel | null>
  readonly header: Int32Array
  /** In microseconds. */
  readonly startedAt: number
}

export function clientStats(channel: Channel): ClientStats {
  channel.lookAtCachedReads()
  const { threadId, taken, turns, completed, cachedReads, errors, inFlight, wakes } = channel
  const { id, counts } = channel
  const connectedMicros = nowMicros() - channel.connectedAt
  const operationsPerTurn = turns === 0 ? 0 : taken / turns
  return {
    id,
    threadId,
    connectedMicros,
    taken,
    turns,
    operationsPerTurn,
    completed,
    cachedReads,
    errors,
    inFlight,
    bytesRead: counts.bytes[OPERATION_READ],
    bytesWritten: counts.bytes[OPERATION_WRITE],
    wakes,
    operations: operationStats([channel], connectedMicros),
  }
}

export function actorStats(parts: StatisticsParts, departed: Departed): ActorStats {
  const { engine, dispatcher, loop } = parts
  const channels = parts.channels.filter((channel): channel is Channel => channel !== null)
  const clients = channels.map(clientStats)
  const uptimeMicros = nowMicros() - parts.startedAt
  const sum = (field: 'completed' | 'cachedReads' | 'errors' | 'wakes'): number =>
    clients.reduce((total, client) => total + client[field], departed[field])
  const { enters, submissions, submitted, overflow, cachedWrites } = engine.counters
  return {
    engine: engine.name,
    forced: parts.choice.forced,
    cause: parts.choice.cause,
    reason: parts.choice.reason,
    remedy: parts.choice.remedy,
    limitations: engine.limitations.map(({ text }) => text),
    clients,
    completed: sum('completed'),
    cachedReads: sum('cachedReads'),
    cachedWrites,
    errors: sum('errors'),
    inFlight: dispatcher.table.inUse,
    maxInFlight: dispatcher.maxInFlight,
    enters,
    submissions,
    submitted,
    operationsPerEnter: submissions === 0 ? 0 : submitted / submissions,
    blocks: loop.counters.blocks,
    parks: loop.counters.parks,
    wakes: sum('wakes'),
    retries: dispatcher.judge.retries,
    openFiles: parts.files.openCount,
    restricted: engine.restricted,
    overflow,
    busyMicros: loop.counters.busyMicros,
    idleMicros: loop.counters.idleMicros,
    uptimeMicros,
    trace: levelOf(parts.header),
    operations: operationStats([...channels, departed], uptimeMicros),
    batch: countsAt(loop.batches, 0),
    depth: countsAt(loop.batches, HISTOGRAM_F64),
  }
}

/** A distribution of whole numbers: what stands for a bucket is rounded. */
function countsAt(memory: Float64Array, at: number): Distribution {
  const { count, mean, p50, p90, p99, p999, max } = distributionAt(memory, at)
  const [low, high, higher, highest] = [p50, p90, p99, p999].map(Math.round)
  return { count, mean, p50: low, p90: high, p99: higher, p999: highest, max }
}
