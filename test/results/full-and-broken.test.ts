// Filesystems that are full, over quota, read-only, broken, or forbid it: the same calls give the same
// errors, the same bytes and the same files as by node:fs.
import { randomBytes } from 'node:crypto'
import fs, { constants } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import {
  type Ext4,
  type Mounted,
  mountExt4,
  mountQuota,
  mountTmpfs,
  setImmutable,
} from '../support/filesystems.ts'
import { madeOrReason } from '../support/removals.ts'
import { patternBytes, temporaryDirectory } from '../support/temporary.ts'
import { missingProgram } from '../support/tools.ts'
import { compare, ENGINES, emptyIn, type Situation } from './situations.ts'
import type { Notes } from './subjects.ts'

const MEBIBYTE = 2 ** 20
/** Less than what our client writes in one piece: of several, any could get the last room. */
const SMALL = MEBIBYTE / 2
/** What no disk in memory can keep without taking memory. */
const INCOMPRESSIBLE = randomBytes(MEBIBYTE)
const { O_DIRECT, O_RDWR } = constants

/** Compares where a place can be made; else skips with the reason. */
function compareIn(what: string, place: Mounted | string, situations: Situation[]): void {
  if (typeof place === 'string') test(what, { skip: place }, () => {})
  else compare(what, situations, () => emptyIn(place.directory))
}

/** Writes of many sizes until nothing goes any more, and what is there then. */
function filling(size: number, code: string): Situation[] {
  const write = async (notes: Notes, directory: string, piece: number): Promise<void> => {
    const at = path.join(directory, 'file')
    const opened = await notes.open(at, 'w+')
    for (let position = 0; position < size + piece; position += piece) {
      await opened.writeOn(patternBytes(piece, position), position)
    }
    await opened.readOn(size + piece, 0)
    await opened.stat()
    await opened.close()
    await notes.content(at)
  }
  return [size * 2, size + 1, size / 4 - 4096, 65_537].map((piece) => ({
    name: `${code}: writes of ${piece} bytes`,
    run: (notes: Notes, directory: string) => write(notes, directory, piece),
  }))
}

const full: Situation[] = [
  ...filling(SMALL, 'ENOSPC'),
  {
    name: 'ENOSPC: whole files, and files that cannot be made',
    run: async (notes, directory) => {
      const first = await notes.open(path.join(directory, 'first'), 'w')
      await first.writeOn(patternBytes(2 * SMALL), null)
      const second = await notes.open(path.join(directory, 'second'), 'a+')
      await second.appendFile('there is no room for it')
      await second.writev(['no', 'room'], null)
      await second.truncate(MEBIBYTE * 4)
      await second.read(10, 0)
      await second.write('x', 100_000)
      await first.truncate(0)
      await second.write('x', 100_000)
      await second.stat()
      await first.close()
      await second.close()
      await notes.content(path.join(directory, 'second'))
    },
  },
]

compareIn(
  'a full filesystem',
  madeOrReason(() => mountTmpfs(SMALL)),
  full,
)

const QUOTA = 4 * MEBIBYTE
const withQuota = missingProgram('mkfs.btrfs') || madeOrReason(() => mountQuota(QUOTA))

compareIn('a quota', withQuota, [
  {
    // How much goes in before is the filesystem's secret: it reserves room for its own data.
    name: 'EDQUOT: far too much',
    run: async (notes, directory) => {
      const opened = await notes.open(path.join(directory, 'file'), O_RDWR | constants.O_CREAT)
      await opened.write(Buffer.alloc(4096), 0)
      await opened.sync()
      const seen: string[] = []
      const bytes = patternBytes(MEBIBYTE)
      for (let position = 0; position < 4 * QUOTA; position += MEBIBYTE) {
        const before = notes.all.length
        await opened.writeOn(bytes, position)
        const [, outcome] = notes.all.splice(before)[0]!
        seen.push((outcome as { code?: string } | null)?.code ?? 'written')
      }
      await notes.note('the first, the last', async () => [seen[0], seen.at(-1)])
      await opened.close()
    },
  },
])

/** A new filesystem on a disk in memory for each run: what is done to it cannot be undone. */
function broken(name: string, run: (notes: Notes, disk: Ext4) => Promise<void>): Situation {
  return { name, run: (notes) => run(notes, mountExt4(32 * MEBIBYTE)) }
}

const breakable = madeOrReason(() => mountExt4(32 * MEBIBYTE))

compareIn('a disk that breaks', breakable, [
  broken('EROFS: it went read-only while a file is open', async (notes, disk) => {
    const at = path.join(disk.directory, 'file')
    fs.writeFileSync(at, 'content')
    const opened = await notes.open(at, 'r+')
    await opened.write('CON', 0)
    await opened.sync()
    disk.goReadOnly()
    await opened.read(20, 0)
    await opened.write('x', 0)
    await opened.write('x')
    await opened.writev(['x', 'y'], 0)
    await opened.truncate(0)
    await opened.sync()
    await opened.datasync()
    await opened.readFile()
    await notes.open(at, 'r+')
    await notes.open(`${at}2`, 'w')
    await opened.close()
    await notes.content(at)
  }),
  broken('EIO: direct writes that the disk has no room for', async (notes, disk) => {
    const at = path.join(disk.directory, 'file')
    fs.writeFileSync(at, '')
    fs.truncateSync(at, 4 * MEBIBYTE)
    const opened = await notes.open(at, O_RDWR | O_DIRECT)
    disk.failWrites()
    await opened.write(INCOMPRESSIBLE, 0)
    await opened.close()
  }),
  broken('EIO: a sync of what could only be cached', async (notes, disk) => {
    const at = path.join(disk.directory, 'file')
    fs.writeFileSync(at, '')
    const opened = await notes.open(at, 'r+')
    disk.failWrites()
    await opened.writeOn(INCOMPRESSIBLE, 0)
    await opened.read(5000, MEBIBYTE)
    await opened.sync()
    await opened.close()
  }),
])

compareIn(
  'a file that has become immutable',
  missingProgram('chattr') || madeOrReason(() => mountExt4(32 * MEBIBYTE)),
  [
    {
      name: 'EPERM: for who has it open, and who opens it',
      run: async (notes, directory) => {
        const at = path.join(directory, 'file')
        fs.writeFileSync(at, 'content')
        const opened = await notes.open(at, 'r+')
        setImmutable(at, true)
        try {
          await opened.read(20, 0)
          await opened.write('x', 0)
          await opened.writeFile('x')
          await opened.truncate(0)
          await opened.sync()
          await notes.open(at, 'r+')
          await notes.open(at, 'w')
        } finally {
          setImmutable(at, false)
        }
        await opened.write('CON', 0)
        await opened.close()
        await notes.content(at)
      },
    },
  ],
)

for (const engine of ENGINES) {
  test(`EFBIG, ${engine}: a process that may not make files larger`, {
    skip: missingProgram('prlimit'),
  }, async () => {
    const script = new URL('./file-size-child.js', import.meta.url)
    await reportOf(script, {
      under: ['prlimit', `--fsize=${MEBIBYTE}`],
      args: [engine, temporaryDirectory()],
    })
  })
}
