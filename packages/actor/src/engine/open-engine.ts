import type { Host } from '../host/host.ts'
import type { ResolvedOptions } from '../spawn/options.ts'
import { chooseEngine, type EngineChoice, type EngineObstacle } from './choice.ts'
import type { Engine } from './engine.ts'
import { readEngineFacts } from './engine-facts.ts'
import { maskedOpcodes, obstacleOf } from './open-ring.ts'
import { ThreadPoolEngine } from './thread-pool-engine.ts'
import { UringEngine } from './uring-engine.ts'

/** Kernel workers for files and for everything else; unbounded, they would be thousands. */
const KERNEL_WORKERS: readonly [number, number] = [16, 16]
/** libuv's own default, and its limits. */
const POOL_THREADS = 4
const POOL_THREADS_MAX = 1024

export interface OpenedEngine {
  readonly engine: Engine
  readonly choice: EngineChoice
}

export interface EngineSetting {
  /** Operations in flight at once. */
  readonly capacity: number
  readonly maxClients: number
  readonly maxFiles: number
  /** Has the loop look again: something happened outside of it. */
  wake(): void
}

/**
 * The engine that was asked for, or the best there is. Throws ERR_URING_ENGINE when io_uring was
 * asked for and cannot be had.
 */
export function openEngine(
  host: Host,
  options: ResolvedOptions,
  setting: EngineSetting,
): OpenedEngine {
  const { capacity, maxClients, maxFiles } = setting
  const { arenaBytes, cachedWrites } = options
  const wanted = { queueDepth: capacity, maxClients, arenaBytes, maxFiles, cachedWrites }
  const ring = options.engine === 'threadpool' ? null : tryRing(host, wanted, setting.wake)
  const obstacle = ring === null || ring instanceof UringEngine ? null : ring
  const choice = chooseEngine(options.engine, obstacle, readEngineFacts())
  if (ring instanceof UringEngine) return { engine: ring, choice }
  if (options.engine === 'io_uring') {
    const message = `${choice.reason}. To mend it: ${choice.remedy}`
    throw Object.assign(new Error(message), { code: 'ERR_URING_ENGINE' })
  }
  const pool = { ...wanted, poolThreads: poolThreads(process.env.UV_THREADPOOL_SIZE) }
  return { engine: new ThreadPoolEngine(host, pool, setting.wake), choice }
}

function tryRing(
  host: Host,
  wanted: Omit<Parameters<typeof UringEngine.open>[1], 'kernelWorkers' | 'maskedOpcodes'>,
  onWake: () => void,
): UringEngine | EngineObstacle {
  const { binding } = host
  if (binding === null) return host.obstacle as EngineObstacle
  const options = { ...wanted, kernelWorkers: KERNEL_WORKERS, maskedOpcodes: maskedOpcodes() }
  try {
    return UringEngine.open(binding, options, onWake)
  } catch (error) {
    const obstacle = obstacleOf(error)
    if (obstacle === null) throw error
    return obstacle
  }
}

/** Threads of libuv's pool: a variable of the environment, read by libuv itself at its start. */
function poolThreads(variable: string | undefined): number {
  const threads = Number.parseInt(variable ?? '', 10)
  if (Number.isNaN(threads)) return POOL_THREADS
  return Math.min(Math.max(threads, 1), POOL_THREADS_MAX)
}
