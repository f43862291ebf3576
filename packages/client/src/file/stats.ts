import { constants } from 'node:fs'
import { STAT_FIELDS } from '../protocol/index.ts'

const { S_IFMT, S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFIFO, S_IFLNK, S_IFSOCK } = constants

/** Alignments of direct I/O in bytes; 0 where the file cannot do it, or the kernel does not say. */
interface DirectAlignments {
  directMemoryAlignment: number
  directOffsetAlignment: number
}

abstract class FileType {
  protected abstract type(): number

  isFile(): boolean {
    return this.type() === S_IFREG
  }
  isDirectory(): boolean {
    return this.type() === S_IFDIR
  }
  isBlockDevice(): boolean {
    return this.type() === S_IFBLK
  }
  isCharacterDevice(): boolean {
    return this.type() === S_IFCHR
  }
  isFIFO(): boolean {
    return this.type() === S_IFIFO
  }
  isSymbolicLink(): boolean {
    return this.type() === S_IFLNK
  }
  isSocket(): boolean {
    return this.type() === S_IFSOCK
  }
}

/**
 * Status of a file in the shape of `fs.Stats`, and the direct-I/O alignments of statx(2)
 * (STATX_DIOALIGN, Linux 6.1). Sizes in bytes, `blocks` of 512 bytes, times in milliseconds.
 */
export class UringStats extends FileType implements DirectAlignments {
  readonly dev: number
  readonly mode: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly blksize: number
  readonly ino: number
  readonly size: number
  readonly blocks: number
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number
  readonly birthtimeMs: number
  readonly atime: Date
  readonly mtime: Date
  readonly ctime: Date
  readonly birthtime: Date
  readonly directMemoryAlignment: number
  readonly directOffsetAlignment: number

  constructor(raw: UringBigIntStats) {
    super()
    this.dev = Number(raw.dev)
    this.mode = Number(raw.mode)
    this.nlink = Number(raw.nlink)
    this.uid = Number(raw.uid)
    this.gid = Number(raw.gid)
    this.rdev = Number(raw.rdev)
    this.blksize = Number(raw.blksize)
    this.ino = Number(raw.ino)
    this.size = Number(raw.size)
    this.blocks = Number(raw.blocks)
    this.atimeMs = millisecondsOf(raw.atimeNs)
    this.mtimeMs = millisecondsOf(raw.mtimeNs)
    this.ctimeMs = millisecondsOf(raw.ctimeNs)
    this.birthtimeMs = millisecondsOf(raw.birthtimeNs)
    this.atime = dateOf(this.atimeMs)
    this.mtime = dateOf(this.mtimeMs)
    this.ctime = dateOf(this.ctimeMs)
    this.birthtime = dateOf(this.birthtimeMs)
    this.directMemoryAlignment = raw.directMemoryAlignment
    this.directOffsetAlignment = raw.directOffsetAlignment
  }

  protected override type(): number {
    return this.mode & S_IFMT
  }
}

/** As `UringStats`, in the shape of `fs.BigIntStats`: exact, with times in nanoseconds too. */
export class UringBigIntStats extends FileType implements DirectAlignments {
  readonly dev: bigint
  readonly mode: bigint
  readonly nlink: bigint
  readonly uid: bigint
  readonly gid: bigint
  readonly rdev: bigint
  readonly blksize: bigint
  readonly ino: bigint
  readonly size: bigint
  readonly blocks: bigint
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly birthtimeNs: bigint
  readonly atimeMs: bigint
  readonly mtimeMs: bigint
  readonly ctimeMs: bigint
  readonly birthtimeMs: bigint
  readonly atime: Date
  readonly mtime: Date
  readonly ctime: Date
  readonly birthtime: Date
  readonly directMemoryAlignment: number
  readonly directOffsetAlignment: number

  /** From the actor's record: STAT_FIELDS in their order. */
  constructor(record: BigInt64Array) {
    super()
    const field = (name: (typeof STAT_FIELDS)[number]): bigint => record[STAT_FIELDS.indexOf(name)]
    this.dev = field('dev')
    this.mode = field('mode')
    this.nlink = field('nlink')
    this.uid = field('uid')
    this.gid = field('gid')
    this.rdev = field('rdev')
    this.blksize = field('blksize')
    this.ino = field('ino')
    this.size = field('size')
    this.blocks = field('blocks')
    this.atimeNs = field('atimeNs')
    this.mtimeNs = field('mtimeNs')
    this.ctimeNs = field('ctimeNs')
    this.birthtimeNs = field('birthtimeNs')
    this.atimeMs = this.atimeNs / 1000000n
    this.mtimeMs = this.mtimeNs / 1000000n
    this.ctimeMs = this.ctimeNs / 1000000n
    this.birthtimeMs = this.birthtimeNs / 1000000n
    this.atime = dateOf(Number(this.atimeMs))
    this.mtime = dateOf(Number(this.mtimeMs))
    this.ctime = dateOf(Number(this.ctimeMs))
    this.birthtime = dateOf(Number(this.birthtimeMs))
    this.directMemoryAlignment = Number(field('directMemoryAlignment'))
    this.directOffsetAlignment = Number(field('directOffsetAlignment'))
  }

  protected override type(): number {
    return Number(this.mode) & S_IFMT
  }
}

/** From seconds and nanoseconds apart, as node:fs does: so the last digits are the same. */
function millisecondsOf(nanoseconds: bigint): number {
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  const seconds = (nanoseconds - rest) / 1_000_000_000n
  return Number(seconds) * 1000 + Number(rest) / 1e6
}

/** Rounded to a millisecond, as node:fs does. */
function dateOf(milliseconds: number): Date {
  return new Date(Math.round(milliseconds))
}
