// Ordinary files in unusual states: the same calls give the same results as by node:fs.
import { spawnSync } from 'node:child_process'
import fs, { constants } from 'node:fs'
import path from 'node:path'
import { patternBytes } from '../support/temporary.ts'
import { compare, type Situation } from './situations.ts'
import type { Notes } from './subjects.ts'

const SIZE = 100_000

/** A file in the directory; returns its path. */
function file(directory: string, content: string | Buffer = 'content', name = 'file'): string {
  const at = path.join(directory, name)
  fs.writeFileSync(at, content)
  return at
}

/** What another process does to a file, between two calls of ours. */
function elsewhere(command: string, ...given: string[]): void {
  const { status, stderr } = spawnSync(command, given, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
}

const open: Situation[] = [
  {
    name: 'what cannot be opened',
    run: async (notes, directory) => {
      await notes.open(path.join(directory, 'absent'))
      await notes.open(path.join(directory, 'absent', 'x'), 'w')
      await notes.open(path.join(file(directory), 'x'))
      await notes.open(directory, 'r+')
      await notes.open(directory, 'w')
      await notes.open(file(directory), 'wx')
      await notes.open(path.join(directory, 'x'.repeat(300)), 'w')
      await notes.open(file(directory), constants.O_RDONLY | constants.O_DIRECTORY)
      fs.symlinkSync('loop', path.join(directory, 'loop'))
      await notes.open(path.join(directory, 'loop'))
      fs.symlinkSync('file', path.join(directory, 'link'))
      await notes.open(path.join(directory, 'link'), constants.O_RDONLY | constants.O_NOFOLLOW)
    },
  },
  {
    name: 'a directory',
    run: async (notes, directory) => {
      const opened = await notes.open(directory)
      await opened.read(10)
      await opened.read(10, 0)
      await opened.readFile()
      await opened.write('x')
      await opened.truncate(0)
      await opened.sync()
      await opened.datasync()
      await opened.close()
    },
  },
  {
    name: 'a handle to read with',
    run: async (notes, directory) => {
      const opened = await notes.open(file(directory), 'r')
      await opened.write('x', 0)
      await opened.write('x')
      await opened.writev(['x', 'y'], 0)
      await opened.writeFile('x')
      await opened.truncate(1)
      await opened.sync()
      await opened.read(20)
      await opened.close()
      await notes.content(path.join(directory, 'file'))
    },
  },
  {
    name: 'a handle to write with',
    run: async (notes, directory) => {
      const opened = await notes.open(file(directory), 'w')
      await opened.read(20, 0)
      await opened.read(20)
      await opened.readv([5, 5], 0)
      await opened.readFile()
      await opened.write('written', 0)
      await opened.stat()
      await opened.close()
      await notes.content(path.join(directory, 'file'))
    },
  },
]

const ends: Situation[] = [
  {
    name: 'reads at, across and beyond the end',
    run: async (notes, directory) => {
      const opened = await notes.open(file(directory))
      for (const at of [0, 5, 6, 7, 8, 1 << 20, 2 ** 40]) await opened.read(10, at)
      await opened.readv([3, 3, 3], 2)
      await opened.readv([3, 3], 7)
      await opened.read(3)
      await opened.readFile()
      await opened.readFile()
      await opened.close()
    },
  },
  {
    name: 'an empty file',
    run: async (notes, directory) => {
      const opened = await notes.open(file(directory, ''), 'r+')
      await opened.read(10, 0)
      await opened.read(10)
      await opened.readFile()
      await opened.truncate(3)
      await opened.read(10, 0)
      await opened.close()
    },
  },
  {
    name: 'a sparse file',
    run: async (notes, directory) => {
      const at = file(directory, '')
      const opened = await notes.open(at, 'r+')
      await opened.write('far', 3_000_000)
      await opened.stat()
      await opened.read(SIZE, 1_000_000)
      await opened.read(20, 2_999_990)
      await opened.truncate(2_000_000)
      await opened.read(20, 1_999_990)
      await opened.readFile()
      await opened.close()
      await notes.content(at)
    },
  },
  {
    name: 'positions that no file has',
    run: async (notes, directory) => {
      const opened = await notes.open(file(directory), 'r+')
      await opened.read(10, Number.MAX_SAFE_INTEGER)
      await opened.write('x', Number.MAX_SAFE_INTEGER)
      await opened.write('x', 2 ** 50)
      await opened.truncate(2 ** 50)
      await opened.stat()
      await opened.close()
    },
  },
]

const changed: Situation[] = [
  {
    name: 'truncated by another process while it is read',
    run: async (notes, directory) => {
      const at = file(directory, patternBytes(SIZE))
      const opened = await notes.open(at)
      await opened.read(1000)
      elsewhere('truncate', '-s', '1500', at)
      await opened.read(1000)
      await opened.read(1000)
      await opened.read(1000, 1400)
      await opened.read(1000, 50_000)
      await opened.readv([100, 100], 1450)
      elsewhere('truncate', '-s', '0', at)
      await opened.read(1000, 0)
      await opened.readFile()
      await opened.stat()
      await opened.close()
    },
  },
  {
    name: 'appended to by another process while it is read',
    run: async (notes, directory) => {
      const at = file(directory, 'begin')
      const opened = await notes.open(at)
      await opened.read(10)
      await opened.read(10)
      elsewhere('sh', '-c', `printf ' and more' >> ${at}`)
      await opened.read(20)
      await opened.read(20)
      await opened.read(20, 0)
      await opened.close()
    },
  },
  {
    name: 'removed, replaced and renamed while it is open',
    run: async (notes, directory) => {
      const at = file(directory, 'old')
      const opened = await notes.open(at, 'r+')
      fs.unlinkSync(at)
      await opened.write('OLD', 0)
      await opened.read(10, 0)
      await opened.sync()
      file(directory, 'new')
      await opened.readFile()
      await opened.stat()
      await opened.close()
      await notes.content(at)
    },
  },
  {
    name: 'made read-only for everybody while it is open',
    run: async (notes, directory) => {
      const at = file(directory)
      const opened = await notes.open(at, 'r+')
      fs.chmodSync(at, 0)
      await opened.write('x', 0)
      await opened.read(10, 0)
      await opened.close()
      await notes.content(at)
    },
  },
]

/** Writes with a flag of open(2) that changes where or how they go. */
function flagged(name: string, flags: string | number): Situation {
  const run = async (notes: Notes, directory: string): Promise<void> => {
    const at = file(directory, '0123456789')
    const opened = await notes.open(at, flags)
    await opened.write('A')
    await opened.write('B', 2)
    await opened.writev(['C', 'D'], null)
    await opened.writev(['E', 'F'], 4)
    await opened.read(4)
    await opened.read(4, 1)
    await opened.appendFile('tail')
    await opened.writeFile('whole')
    await opened.datasync()
    await opened.stat()
    await opened.close()
    await notes.content(at)
  }
  return { name, run }
}

const flags: Situation[] = [
  flagged('without any flag', 'r+'),
  flagged('O_APPEND', 'a+'),
  flagged('O_APPEND without reading', 'a'),
  flagged('O_SYNC', 'rs+'),
  flagged('O_DSYNC', constants.O_RDWR | constants.O_DSYNC),
  flagged('O_NONBLOCK', constants.O_RDWR | constants.O_NONBLOCK),
  flagged('O_TRUNC', 'w+'),
]

compare('opening', open)
compare('the end of a file', ends)
compare('a file that changes', changed)
compare('flags of open', flags)
