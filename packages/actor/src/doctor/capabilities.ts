import os from 'node:os'
import { loadBinding, type NativeBinding } from '@uring-actor/native'
import { chooseEngine, type EngineCause, type EngineObstacle } from '../engine/choice.ts'
import { readEngineFacts } from '../engine/engine-facts.ts'
import { type OpenedRing, obstacleOf } from '../engine/open-ring.ts'
import { readText } from '../files/read-text.ts'
import { type ResolvedOptions, resolveOptions } from '../spawn/options.ts'
import { type PathCapabilities, pathCapabilities } from './path-facts.ts'
import { opcodesInUse, openSmallRing, type RingFeatures, ringFeatures } from './ring-facts.ts'

/** What this process may use, at this moment. Plain values: it can be posted, and made JSON of. */
export interface Capabilities {
  readonly platform: string
  readonly arch: string
  /** The release of the kernel, as uname(2) gives it. */
  readonly kernel: string
  readonly node: string
  /** What spawnActor() would take; null when it would reject, as URING_ACTOR_ENGINE demands more. */
  readonly engine: 'io_uring' | 'threadpool' | null
  /** Why, as actor.stats() says it. */
  readonly cause: EngineCause
  readonly reason: string
  /** One line that says what to do about it; empty when nothing is to be done. */
  readonly remedy: string
  /** Clients read what is in the page cache on their own threads, whatever the engine: by the addon. */
  readonly cachedReads: boolean
  readonly ioUring: RingCapabilities
  readonly limits: Limits
  readonly path: PathCapabilities | null
}

export interface RingCapabilities {
  /** Whether there is io_uring for us, whatever engine was asked for. */
  readonly usable: boolean
  readonly cause: EngineCause
  readonly reason: string
  readonly remedy: string
  /** The addon's files that were looked for in vain, and what was wrong with each. */
  readonly addonTried: readonly string[]
  /** kernel.io_uring_disabled; null where there is none (before Linux 6.6). */
  readonly disabled: number | null
  /** A seccomp filter is in force; null when unknown. */
  readonly seccomp: boolean | null
  /** Node's permission model is in force. */
  readonly permissionModel: boolean
  /** By name without IORING_OP_, as the kernel answers; null without a ring. */
  readonly opcodes: Readonly<Record<string, boolean>> | null
  readonly features: RingFeatures | null
}

/** Null where /proc does not tell. */
export interface Limits {
  /**
   * RLIMIT_MEMLOCK in bytes: so much of the clients' memory, together with the rings of this user,
   * can be registered. 'unlimited' with CAP_IPC_LOCK too.
   */
  readonly lockedMemory: number | 'unlimited' | null
  /** RLIMIT_NOFILE. */
  readonly openFiles: number | 'unlimited' | null
}

/**
 * Looks what io_uring, this process and a path are capable of, and which engine an actor would take.
 * On any thread, with or without an actor. It sets a small ring up and closes it again (which takes
 * up to 0.1 s where locked memory is short); nothing is changed, nothing stays. Without a path `path` is null; a path that is not there rejects with
 * node:fs's error, and so does an invalid URING_ACTOR_ENGINE with that of spawnActor().
 */
export async function capabilities(path?: string | URL): Promise<Capabilities> {
  const options = resolveOptions(undefined)
  const { binding, ioUring, obstacle } = lookAtRing(options)
  const asked = chooseEngine(options.engine, obstacle, readEngineFacts())
  const openRing =
    binding !== null && obstacle === null && asked.engine === 'io_uring'
      ? () => openSmallRing(binding, options)
      : null
  const engine = options.engine === 'io_uring' && obstacle !== null ? null : asked.engine
  return {
    platform: process.platform,
    arch: process.arch,
    kernel: os.release(),
    node: process.versions.node,
    engine,
    cause: asked.cause,
    reason: asked.reason,
    remedy: asked.remedy,
    cachedReads: engine !== null && binding !== null,
    ioUring,
    limits: readLimits(binding),
    path: path === undefined ? null : await pathCapabilities(path, { binding, engine, openRing }),
  }
}

interface Looked {
  readonly binding: NativeBinding | null
  readonly ioUring: RingCapabilities
  readonly obstacle: EngineObstacle | null
}

/** In one go: no ring is open while something is awaited. */
function lookAtRing(options: ResolvedOptions): Looked {
  let binding: NativeBinding | null = null
  let opened: OpenedRing | null = null
  let obstacle: EngineObstacle | null = null
  try {
    binding = loadBinding()
    opened = openSmallRing(binding, options)
    const features = ringFeatures(opened, binding, options)
    return {
      binding,
      obstacle,
      ioUring: { ...described(null), opcodes: opcodesInUse(opened), features },
    }
  } catch (error) {
    obstacle = obstacleOf(error)
    if (obstacle === null) throw error
    return { binding, obstacle, ioUring: described(obstacle) }
  } finally {
    opened?.native.close(0)
  }
}

/** What stands in the way, and all that can be told without a ring. */
function described(obstacle: EngineObstacle | null): RingCapabilities {
  const facts = readEngineFacts()
  const { cause, reason, remedy } = chooseEngine('auto', obstacle, facts)
  const addon = obstacle?.kind === 'addon' ? obstacle.message.split('\n') : []
  return {
    usable: obstacle === null,
    cause,
    reason,
    remedy,
    addonTried: addon.filter((line) => line.startsWith('  ')).map((line) => line.trim()),
    disabled: facts.ioUringDisabled,
    seccomp: facts.seccomp,
    permissionModel: process.permission !== undefined,
    opcodes: null,
    features: null,
  }
}

function readLimits(binding: NativeBinding | null): Limits {
  const lockedMemory = readLimit('Max locked memory')
  return {
    lockedMemory: binding?.hasIpcLock() === true ? 'unlimited' : lockedMemory,
    openFiles: readLimit('Max open files'),
  }
}

/** A soft limit, of proc_pid_limits(5): it is told without the addon too. */
function readLimit(name: string): number | 'unlimited' | null {
  const found = new RegExp(`^${name} +(\\S+)`, 'm').exec(readText('/proc/self/limits'))?.[1]
  if (found === undefined) return null
  return found === 'unlimited' ? found : Number(found)
}
