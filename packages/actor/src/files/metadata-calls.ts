import fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { isatty } from 'node:tty'
import {
  FILE_KIND_BLOCK_DEVICE,
  FILE_KIND_OTHER,
  FILE_KIND_REGULAR,
  OPEN_RESULT_KIND,
  OPEN_RESULT_MEMORY_ALIGNMENT,
  OPEN_RESULT_OFFERED,
  OPEN_RESULT_OFFSET_ALIGNMENT,
  OPERATION_CHMOD,
  OPERATION_CHOWN,
  OPERATION_CLOSE,
  OPERATION_OPEN,
  OPERATION_READ,
  OPERATION_STAT,
  OPERATION_TRIM,
  OPERATION_TRUNCATE,
  OPERATION_UTIMES,
  OPERATION_WRITE,
  STAT_FIELDS,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Engine } from '../engine/engine.ts'
import type { Host } from '../host/host.ts'
import {
  type OperationTable,
  ROW_ADDR_LOW,
  ROW_CHANNEL,
  ROW_FILE,
  ROW_KIND,
  ROW_LEN,
  ROW_OFF_HIGH,
  ROW_OFF_LOW,
  ROW_RW_FLAGS,
  ROW_WORDS,
  wide,
} from '../operations/operation-table.ts'
import { closeDescriptor, openDescriptor } from './descriptor.ts'
import { directAlignment } from './direct-alignment.ts'
import { errnoOf, permissionOf } from './errno.ts'
import type { FileCallEvents, FileCalls } from './file-calls.ts'
import { type FileTable, OpenFile, RIGHT_WRITE } from './file-table.ts'
import { type Filesystem, Filesystems } from './filesystem.ts'
import type { OfferedFiles } from './offered-files.ts'
import { transferByPool } from './pool-transfer.ts'
import { writeStatus } from './status-record.ts'

const ENFILE = -23
const EINVAL = -22
const EOPNOTSUPP = -95

/**
 * Numbers of Linux's zero, full, random and urandom (Documentation/admin-guide/devices.txt). The kernel
 * ends a read of these early when the thread has a signal pending, or work of a ring of its own.
 */
const ENDLESS_DEVICES: ReadonlySet<number> = new Set(
  process.platform === 'linux' ? [5, 7, 8, 9].map((minor) => (1 << 8) | minor) : [],
)

/** A file that node:fs has opened. */
interface Opened {
  readonly fd: number
  readonly handle: FileHandle | null
  readonly flags: number
  readonly stats: fs.BigIntStats
  readonly filesystem: Filesystem
}

/**
 * Opening, closing and metadata: through node:fs, in the actor's thread. So Node's permission model
 * stays in force, which a raw ring would pass by, and what the ring cannot do on registered files
 * (statx) needs no unrestricted ring. The same way go reads and writes of files that are not for
 * the ring.
 */
export class MetadataCalls implements FileCalls {
  /** Calls that libuv's pool works on. */
  pending = 0
  #engine: Engine
  #table: OperationTable
  #files: FileTable
  #channels: ReadonlyArray<Channel | null>
  #host: Host
  #events: FileCallEvents
  readonly #filesystems: Filesystems
  readonly #offered: OfferedFiles

  constructor(
    engine: Engine,
    table: OperationTable,
    files: FileTable,
    channels: ReadonlyArray<Channel | null>,
    host: Host,
    events: FileCallEvents,
    offered: OfferedFiles,
  ) {
    this.#offered = offered
    this.#engine = engine
    this.#table = table
    this.#files = files
    this.#channels = channels
    this.#host = host
    this.#events = events
    this.#filesystems = new Filesystems(host.binding)
  }

  begin(row: number): void {
    const at = row * ROW_WORDS
    const words = this.#table.words
    const kind = words[at + ROW_KIND]
    if (kind === OPERATION_OPEN) {
      this.#open(row, at)
      return
    }
    this.pending++
    try {
      this.#call(row, at, kind)
    } catch (error) {
      // node:fs throws at arguments that only a broken client sends: they are its own misfortune.
      this.#settle(row, errnoOf(error as NodeJS.ErrnoException), 0)
    }
  }

  #call(row: number, at: number, kind: number): void {
    const words = this.#table.words
    const file = this.#files.at(words[at + ROW_FILE]) as OpenFile
    const { fd } = file
    const done = (error: NodeJS.ErrnoException | null): void => this.#settle(row, errnoOf(error), 0)
    if (kind === OPERATION_READ || kind === OPERATION_WRITE) this.#transfer(row, at, fd)
    else if (kind === OPERATION_CLOSE) this.#close(row, at)
    else if (kind === OPERATION_STAT) this.#stat(row, at, file)
    else if (kind === OPERATION_CHMOD) fs.fchmod(fd, words[at + ROW_OFF_LOW], done)
    else if (kind === OPERATION_CHOWN) {
      fs.fchown(fd, words[at + ROW_OFF_LOW] >>> 0, words[at + ROW_OFF_HIGH] >>> 0, done)
    } else if (kind === OPERATION_UTIMES) {
      const times = this.#float64(row, 2)
      // As texts, because node:fs takes a negative number for now, and a text for what it says.
      fs.futimes(fd, `${times[0]}`, `${times[1]}`, done)
    } else if (kind === OPERATION_TRUNCATE) {
      const size = wide(words, at + ROW_OFF_LOW)
      // node:fs takes numbers only; a file cannot be larger than they can say.
      if (size > BigInt(Number.MAX_SAFE_INTEGER)) this.#settle(row, EINVAL, 0)
      else fs.ftruncate(fd, Number(size), done)
    } else if (kind === OPERATION_TRIM) this.#discard(row, at)
    else this.#settle(row, EOPNOTSUPP, 0)
  }

  #settle(row: number, res: number, extra: number): void {
    this.pending--
    this.#events.settled(row, res, extra)
    this.#events.wake()
  }

  #transfer(row: number, at: number, fd: number): void {
    const { words } = this.#table
    const { arena } = this.#channels[words[at + ROW_CHANNEL]] as Channel
    transferByPool(words, at, arena, fd, (error, bytes) => {
      this.pending--
      this.#events.transferred(row, error === null ? bytes : errnoOf(error))
      this.#events.wake()
    })
  }

  #open(row: number, at: number): void {
    const words = this.#table.words
    const flags = words[at + ROW_RW_FLAGS]
    const start = words[at + ROW_ADDR_LOW]
    const { arena } = this.#channels[words[at + ROW_CHANNEL]] as Channel
    // A copy: the client may change its arena at any time.
    const path = Buffer.from(arena.subarray(start, start + words[at + ROW_LEN]))
    this.pending++
    if (path.length === 0 || path.includes(0)) {
      this.#settle(row, path.length === 0 ? -2 : EINVAL, 0)
      return
    }
    try {
      openDescriptor(path, flags, words[at + ROW_OFF_LOW], (error, fd, handle) => {
        if (error) this.#settle(row, errnoOf(error), permissionOf(error))
        else this.#opened(row, at, fd, handle, flags)
      })
    } catch (error) {
      // Arguments that only a broken client sends.
      this.#settle(row, errnoOf(error as NodeJS.ErrnoException), 0)
    }
  }

  #opened(row: number, at: number, fd: number, handle: FileHandle | null, flags: number): void {
    this.#filesystems.of(fd, (filesystem) => {
      statOf(fd, filesystem.isLocal, (error, stats) => {
        if (error) closeDescriptor(fd, handle, () => this.#settle(row, errnoOf(error), 0))
        else this.#register(row, at, { fd, handle, flags, stats, filesystem })
      })
    })
  }

  /** Whether reads and writes are not for the ring. */
  #isByPool({ stats, flags, filesystem }: Opened): boolean {
    if (this.#engine.name !== 'io_uring') return false
    if (stats.isFile()) return filesystem.isFuse
    // The ring would wait for a pipe that was opened not to be waited for, instead of EAGAIN.
    return !stats.isBlockDevice() && (flags & fs.constants.O_NONBLOCK) !== 0
  }

  /** Makes an open file known to the engine, and to its client. */
  #register(row: number, at: number, opened: Opened): void {
    const { fd, handle, flags, stats } = opened
    const channel = this.#table.words[at + ROW_CHANNEL]
    const slot = this.#files.claim()
    if (slot < 0) {
      closeDescriptor(fd, handle, () => this.#settle(row, ENFILE, 0))
      return
    }
    const kind = stats.isFile()
      ? FILE_KIND_REGULAR
      : stats.isBlockDevice()
        ? FILE_KIND_BLOCK_DEVICE
        : FILE_KIND_OTHER
    const device = kind === FILE_KIND_BLOCK_DEVICE ? stats.rdev : stats.dev
    const { memory, offset } = directAlignment(this.#host, fd, device)
    const generation = this.#files.generationOf(slot)
    const file = new OpenFile(slot, generation, fd, channel, flags, kind, memory, offset)
    file.handle = handle
    file.byPool = this.#isByPool(opened)
    file.local = stats.isFile() && opened.filesystem.isLocal
    file.inode = `${stats.dev}:${stats.ino}`
    file.writesByWorker = file.cachesWrites && opened.filesystem.writesByWorker
    file.endless = stats.isCharacterDevice() && ENDLESS_DEVICES.has(Number(stats.rdev))
    file.stream = stats.isFIFO() || (stats.isCharacterDevice() && isatty(fd))
    const registered = this.#engine.registerFile(file)
    if (registered < 0) {
      this.#files.release(slot)
      closeDescriptor(file.fd, file.handle, () => this.#settle(row, registered, 0))
      return
    }
    this.#files.put(file)
    const { owner } = this.#channels[channel] as Channel
    const result = this.#float64(row, 4)
    result[OPEN_RESULT_OFFERED] = this.#offered.offer(file, owner) ? 1 : 0
    result[OPEN_RESULT_KIND] = kind
    result[OPEN_RESULT_MEMORY_ALIGNMENT] = memory
    result[OPEN_RESULT_OFFSET_ALIGNMENT] = offset
    this.#settle(row, slot, generation)
  }

  #close(row: number, at: number): void {
    const file = this.#files.at(this.#table.words[at + ROW_FILE]) as OpenFile
    this.closeFile(file, (res) => this.#settle(row, res, 0))
  }

  /** Takes a file out of the ring and closes it. Nothing may be in flight on it. */
  closeFile(file: OpenFile, done: (res: number) => void): void {
    this.#engine.unregisterFile(file.slot)
    this.#offered.withdraw(file, () => this.#closeDescriptor(file, done))
  }

  #closeDescriptor(file: OpenFile, done: (res: number) => void): void {
    const closed = (error: NodeJS.ErrnoException | null): void => {
      this.#files.release(file.slot)
      done(errnoOf(error))
    }
    if (closesAtOnce(file)) closed(closeAtOnce(file.fd))
    else closeDescriptor(file.fd, file.handle, closed)
  }

  #stat(row: number, at: number, file: OpenFile): void {
    statOf(file.fd, file.local, (error, stats) => {
      if (error) {
        this.#settle(row, errnoOf(error), 0)
        return
      }
      const words = this.#table.words
      const { arena } = this.#channels[words[at + ROW_CHANNEL]] as Channel
      writeStatus(
        new BigInt64Array(arena.buffer, words[at + ROW_ADDR_LOW], STAT_FIELDS.length),
        stats,
        file,
      )
      this.#settle(row, 0, 0)
    })
  }

  /** For kernels and devices that do not know the ring's discard. */
  #discard(row: number, at: number): void {
    const words = this.#table.words
    const file = this.#files.at(words[at + ROW_FILE]) as OpenFile
    const offset = wide(words, at + ROW_OFF_LOW)
    const length = wide(words, at + ROW_ADDR_LOW)
    this.#host.trim(file, offset, length, (res) => this.#settle(row, Math.min(res, 0), res))
  }

  #float64(row: number, length: number): Float64Array {
    const words = this.#table.words
    const at = row * ROW_WORDS
    const { arena } = this.#channels[words[at + ROW_CHANNEL]] as Channel
    return new Float64Array(arena.buffer, words[at + ROW_ADDR_LOW], length)
  }
}

/** As node:fs calls back: with an error, or with the status. */
type Stated = (error: NodeJS.ErrnoException | null, stats: fs.BigIntStats) => void

/** fstat(2): on this thread where that does not wait, for the pool's would have to be woken. */
function statOf(fd: number, atOnce: boolean, done: Stated): void {
  if (!atOnce) {
    fs.fstat(fd, { bigint: true }, done)
    return
  }
  let stats: fs.BigIntStats
  try {
    stats = fs.fstatSync(fd, { bigint: true })
  } catch (error) {
    done(error as NodeJS.ErrnoException, undefined as never)
    return
  }
  done(null, stats)
}

/**
 * Whether close(2) does not wait: nothing was written that a filesystem would write out at a close
 * (ext4, xfs and btrfs may), and it is not the end of a file that was removed, whose blocks are freed
 * then.
 */
function closesAtOnce({ fd, handle, local, rights }: OpenFile): boolean {
  if (!local || handle !== null || (rights & RIGHT_WRITE) !== 0) return false
  try {
    return fs.fstatSync(fd).nlink > 0
  } catch {
    // Whatever is the matter with it, the pool finds out as well.
    return false
  }
}

function closeAtOnce(fd: number): NodeJS.ErrnoException | null {
  try {
    fs.closeSync(fd)
    return null
  } catch (error) {
    return error as NodeJS.ErrnoException
  }
}
