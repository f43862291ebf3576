import { type BigIntStats, constants } from 'node:fs'
import { type FileHandle, open, realpath, stat, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { TrimMethod } from '@uring-actor/client/protocol'
import { CALL_FALLOCATE, type NativeBinding } from '@uring-actor/native'
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  IORING_OP_URING_CMD,
} from '../engine/kernel-abi.ts'
import type { OpenedRing } from '../engine/open-ring.ts'
import {
  type DirectAlignment,
  deviceName,
  directAlignment,
  queueSetting,
} from '../files/direct-alignment.ts'
import { FUSE_SUPER_MAGIC } from '../files/filesystem.ts'
import { filesystemType } from './mounts.ts'
import { askForDiscard } from './ring-facts.ts'

export interface PathCapabilities {
  /** Absolute, without links. */
  readonly path: string
  readonly kind: 'file' | 'directory' | 'block device' | 'other'
  /** As mount(8) names it; null for a block device, and where it cannot be told. */
  readonly filesystem: string | null
  /** What reads and writes there: not every filesystem is one for the ring. Null: there is no engine. */
  readonly engine: 'io_uring' | 'threadpool' | null
  /** Alignments that direct I/O needs, in bytes; 'none' where there is none; null when unknown. */
  readonly directIo: DirectAlignment | 'none' | null
  /** How trim() gives space back; 'none' where it cannot; null when unknown. */
  readonly trim: TrimMethod | 'none' | null
  /** The block device, or the one that the filesystem lies on; null when it is none, or unknown. */
  readonly device: DeviceCapabilities | null
  /** The code of the error that kept us from looking closer: 'EACCES', 'EROFS'. */
  readonly refused: string | null
}

/** What the block layer tells in sysfs, in bytes; no discard is possible where its sizes are 0. */
export interface DeviceCapabilities {
  /** 'major:minor'. */
  readonly number: string
  readonly logicalBlock: number
  readonly discardGranularity: number
  readonly discardMax: number
}

/** What there is to ask with. */
export interface Means {
  readonly binding: NativeBinding | null
  readonly engine: PathCapabilities['engine']
  /** Null when the engine is not to be io_uring. The ring must be closed. */
  readonly openRing: (() => OpenedRing) | null
}

type Looked = Pick<PathCapabilities, 'directIo' | 'trim' | 'refused'>

/** O_TMPFILE: a file without a name, gone when it is closed. node:fs does not name it. */
const TEMPORARY = 0o20000000 | (constants.O_DIRECTORY ?? 0)
const DIRECT: number = constants.O_DIRECT ?? 0
const EBADF = -9
const EOPNOTSUPP = -95
const PAGE = 4096

/**
 * Looks at a path and changes nothing: what must be tried is tried on a file without a name on the
 * same filesystem. Rejects with node:fs's error when there is no such path.
 */
export async function pathCapabilities(
  given: string | URL,
  means: Means,
): Promise<PathCapabilities> {
  const absolute = await realpath(given)
  const stats = await stat(absolute, { bigint: true })
  const kind = kindOf(stats)
  const onFuse = kind !== 'block device' && (await statfs(absolute)).type === FUSE_SUPER_MAGIC
  let looked: Looked = { directIo: null, trim: null, refused: null }
  if (kind === 'block device') looked = await lookAtDevice(absolute, stats, means)
  else if (kind === 'file') looked = await lookAtFile(absolute, stats, means)
  else if (kind === 'directory') looked = await lookAtDirectory(absolute, stats, means)
  // Opening anything else may do something: a pipe waits, a watchdog begins to count.
  return {
    path: absolute,
    kind,
    filesystem: kind === 'block device' ? null : filesystemType(absolute),
    engine: onFuse && means.engine === 'io_uring' ? 'threadpool' : means.engine,
    ...looked,
    device: deviceCapabilities(stats.isBlockDevice() ? stats.rdev : stats.dev),
  }
}

function kindOf(stats: BigIntStats): PathCapabilities['kind'] {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isBlockDevice() ? 'block device' : 'other'
}

function deviceCapabilities(device: bigint): DeviceCapabilities | null {
  const logicalBlock = queueSetting(device, 'logical_block_size')
  if (logicalBlock === null) return null
  return {
    number: deviceName(device),
    logicalBlock,
    discardGranularity: queueSetting(device, 'discard_granularity') ?? 0,
    discardMax: queueSetting(device, 'discard_max_bytes') ?? 0,
  }
}

async function lookAtDevice(at: string, { rdev }: BigIntStats, means: Means): Promise<Looked> {
  let file: FileHandle | null = null
  try {
    file = await open(at, constants.O_RDONLY)
    const directIo = directAlignment(means.binding, file.fd, rdev)
    return { directIo, trim: trimOfDevice(file.fd, rdev, means), refused: null }
  } catch (error) {
    return { directIo: null, trim: null, refused: codeOf(error) }
  } finally {
    await file?.close()
  }
}

function trimOfDevice(fd: number, device: bigint, { binding, openRing }: Means): TrimMethod {
  if (binding === null || queueSetting(device, 'discard_max_bytes') === 0) return 'zeroes'
  const opened = openRing?.()
  if (opened === undefined) return 'discard-ioctl'
  const known = opened.opcodes.has(IORING_OP_URING_CMD) && askForDiscard(opened, fd) === EBADF
  opened.native.close(0)
  return known ? 'discard' : 'discard-ioctl'
}

async function lookAtFile(at: string, stats: BigIntStats, means: Means): Promise<Looked> {
  const { trim, refused } = await lookAtDirectory(path.dirname(at), stats, means)
  try {
    return { directIo: await directIo(at, constants.O_RDONLY, stats, means), trim, refused }
  } catch (error) {
    return { directIo: null, trim, refused: codeOf(error) }
  }
}

/** Of a file made in a directory. `dev` of the stats is that of the filesystem that is meant. */
async function lookAtDirectory(at: string, stats: BigIntStats, means: Means): Promise<Looked> {
  const flags = constants.O_RDWR | TEMPORARY
  let file: FileHandle | null = null
  try {
    file = await open(at, flags, 0o600)
    const { dev } = await file.stat({ bigint: true })
    // A file may be mounted by itself: then its directory is on another filesystem.
    if (dev !== stats.dev) return { directIo: null, trim: null, refused: 'EXDEV' }
    const trim = await trimOfFile(file.fd, means.binding)
    return { directIo: await directIo(at, flags, stats, means), trim, refused: null }
  } catch (error) {
    return { directIo: null, trim: null, refused: codeOf(error) }
  } finally {
    await file?.close()
  }
}

/** A filesystem that does no direct I/O answers EINVAL to the flag. */
async function directIo(
  at: string,
  flags: number,
  { dev }: BigIntStats,
  { binding }: Means,
): Promise<DirectAlignment | 'none'> {
  let file: FileHandle | null = null
  try {
    file = await open(at, flags | DIRECT, 0o600)
    return directAlignment(binding, file.fd, dev)
  } catch (error) {
    if (codeOf(error) === 'EINVAL') return 'none'
    throw error
  } finally {
    await file?.close()
  }
}

/** Punches a hole, as trim() does; without the addon zeroes are written instead. */
async function trimOfFile(fd: number, binding: NativeBinding | null): Promise<Looked['trim']> {
  if (binding === null) return 'zeroes'
  const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
  const result = await new Promise<number>((resolve) => {
    binding.fileCall(CALL_FALLOCATE, fd, mode, 0n, BigInt(PAGE), resolve)
  })
  if (result === 0) return 'hole'
  return result === EOPNOTSUPP ? 'none' : null
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
