import type { ActorStats, ClientStats } from '@uring-actor/client'
import type { Channel } from '../channels/channel.ts'
import type { EngineChoice } from '../engine/choice.ts'
import type { Engine } from '../engine/engine.ts'
import type { FileTable } from '../files/file-table.ts'
import type { ActorLoop } from '../loop/actor-loop.ts'
import type { Dispatcher } from '../operations/dispatcher.ts'

export interface StatisticsParts {
  readonly engine: Engine
  readonly choice: EngineChoice
  readonly dispatcher: Dispatcher
  readonly files: FileTable
  readonly loop: ActorLoop
  readonly channels: ReadonlyArray<Channel | null>
}

/** Sums of clients that have left. */
export interface Departed {
  completed: number
  errors: number
  wakes: number
}

export function clientStats(channel: Channel): ClientStats {
  const { threadId, taken, turns, completed, errors, inFlight, wakes } = channel
  const { bytesRead, bytesWritten } = channel
  const operationsPerTurn = turns === 0 ? 0 : taken / turns
  return {
    threadId,
    taken,
    turns,
    operationsPerTurn,
    completed,
    errors,
    inFlight,
    bytesRead,
    bytesWritten,
    wakes,
  }
}

export function actorStats(parts: StatisticsParts, departed: Departed): ActorStats {
  const { engine, dispatcher, loop } = parts
  const clients = parts.channels
    .filter((channel): channel is Channel => channel !== null)
    .map(clientStats)
  const sum = (field: 'completed' | 'errors' | 'wakes'): number =>
    clients.reduce((total, client) => total + client[field], departed[field])
  const { enters, submitted, overflow } = engine.counters
  return {
    engine: engine.name,
    forced: parts.choice.forced,
    cause: parts.choice.cause,
    reason: parts.choice.reason,
    remedy: parts.choice.remedy,
    limitations: engine.limitations.map(({ text }) => text),
    clients,
    completed: sum('completed'),
    errors: sum('errors'),
    inFlight: dispatcher.table.inUse,
    maxInFlight: dispatcher.maxInFlight,
    enters,
    submitted,
    operationsPerEnter: enters === 0 ? 0 : submitted / enters,
    blocks: loop.counters.blocks,
    parks: loop.counters.parks,
    wakes: sum('wakes'),
    retries: dispatcher.judge.retries,
    openFiles: parts.files.openCount,
    restricted: engine.restricted,
    overflow,
    busyMicros: loop.counters.busyMicros,
    idleMicros: loop.counters.idleMicros,
  }
}
