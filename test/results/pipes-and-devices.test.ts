// What is no ordinary file: pipes, character devices, files that the kernel makes up. The same calls
// give the same results as by node:fs, with a position and without.
import { execFile, execFileSync } from 'node:child_process'
import fs, { constants } from 'node:fs'
import path from 'node:path'
import { patternBytes } from '../support/temporary.ts'
import { missingRoot } from '../support/tools.ts'
import { compare, type Situation } from './situations.ts'
import type { Notes } from './subjects.ts'

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** Bytes that an empty pipe takes before a writer has to wait. */
const PIPE_BYTES = 65_536

/** A named pipe in the directory, and an end of it that is ours, which never waits. */
function pipe(directory: string): { at: string; end: number } {
  const at = path.join(directory, 'pipe')
  execFileSync('mkfifo', [at])
  return { at, end: fs.openSync(at, O_RDWR | O_NONBLOCK) }
}

const pipes: Situation[] = [
  {
    name: 'a read takes what is there, up to what it asks for',
    run: async (notes, directory) => {
      const { at, end } = pipe(directory)
      const opened = await notes.open(at, 'r')
      fs.writeSync(end, 'abcdef')
      await opened.read(4)
      await opened.read(4)
      fs.writeSync(end, '123456')
      await opened.readv([2, 2, 9], null)
      await opened.stat()
      await opened.close()
      fs.closeSync(end)
    },
  },
  {
    name: 'the end comes when the last writer has gone',
    run: async (notes, directory) => {
      const { at, end } = pipe(directory)
      const opened = await notes.open(at, 'r')
      fs.writeSync(end, 'last')
      fs.closeSync(end)
      await opened.readFile()
      await opened.read(4)
      await opened.close()
    },
  },
  {
    name: 'a position, a truncation, a sync',
    run: async (notes, directory) => {
      const { at, end } = pipe(directory)
      fs.writeSync(end, 'abcdef')
      const opened = await notes.open(at, O_RDWR)
      await opened.read(4, 0)
      await opened.read(4, 1)
      await opened.write('x', 0)
      await opened.readv([2], 0)
      await opened.writev(['y'], 0)
      await opened.truncate(1)
      await opened.sync()
      await opened.datasync()
      await opened.sync()
      await opened.read(10)
      await opened.close()
      fs.closeSync(end)
    },
  },
  {
    name: 'nothing to read, no room to write, for who does not wait',
    run: async (notes, directory) => {
      const { at, end } = pipe(directory)
      const reader = await notes.open(at, O_RDONLY | O_NONBLOCK)
      const writer = await notes.open(at, O_WRONLY | O_NONBLOCK)
      await reader.read(4)
      await writer.writeOn(Buffer.alloc(2 * PIPE_BYTES, 'x'), null)
      await writer.write('x')
      await reader.read(PIPE_BYTES + 1)
      await reader.read(4)
      await reader.close()
      await writer.close()
      fs.closeSync(end)
    },
  },
  {
    name: 'no reader to open for, and none to write to',
    run: async (notes, directory) => {
      const { at, end } = pipe(directory)
      const writer = await notes.open(at, 'w')
      fs.closeSync(end)
      await writer.write('x')
      await writer.writev(['x', 'y'], null)
      await writer.close()
      await notes.open(at, O_WRONLY | O_NONBLOCK)
    },
  },
  {
    name: 'more than a pipe holds waits for the reader',
    run: async (notes, directory) => {
      const at = path.join(directory, 'pipe')
      execFileSync('mkfifo', [at])
      const reader = copying('sh', ['-c', `cat ${at} > ${at}.copy`])
      const writer = await notes.open(at, 'w')
      await writer.writeOn(patternBytes(20 * PIPE_BYTES + 1), null)
      await writer.close()
      await reader
      await notes.content(`${at}.copy`)
    },
  },
]

/** Begins at once, and ends while we write. */
function copying(command: string, given: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, given, (error) => (error === null ? resolve() : reject(error)))
  })
}

/** All that can be asked of a device whose contents are no surprise. */
function device(at: string): Situation {
  const run = async (notes: Notes): Promise<void> => {
    const opened = await notes.open(at, 'r+')
    await opened.read(16)
    await opened.read(100_000)
    await opened.read(16, 0)
    await opened.read(16, 5)
    await opened.readv([8, 8], null)
    await opened.write('text')
    await opened.write('text', 0)
    await opened.write('text', 5)
    await opened.writev(['a', 'b'], null)
    await opened.writeFile('text')
    await opened.sync()
    await opened.datasync()
    await opened.truncate(0)
    await opened.truncate(5)
    await opened.stat()
    await opened.close()
  }
  return { name: at, run }
}

const devices: Situation[] = [
  device('/dev/null'),
  device('/dev/zero'),
  device('/dev/full'),
  {
    name: 'a terminal',
    run: async (notes) => {
      const opened = await notes.open('/dev/ptmx', O_RDWR | O_NONBLOCK | constants.O_NOCTTY)
      await opened.read(4, 0)
      await opened.read(4)
      await opened.write('x', 0)
      await opened.write('x')
      await opened.truncate(0)
      await opened.sync()
      await opened.close()
    },
  },
  {
    name: '/dev/urandom',
    run: async (notes) => {
      const opened = await notes.open('/dev/urandom')
      // What it gives is never the same twice; how much it gives is.
      for (const position of [null, 0, 5]) {
        await notes.note(`read at ${position}`, async () => {
          const [, outcome] = await lengthsOnly(opened.read.bind(opened), notes, position)
          return outcome
        })
      }
      await opened.write('x')
      await opened.sync()
      await opened.close()
    },
  },
  {
    name: 'a terminal that nobody has',
    run: async (notes) => {
      await notes.open('/dev/tty1x', 'r')
      await notes.open('/dev/ptmx/x', 'r')
    },
  },
]

/** The read's note, without the bytes. */
async function lengthsOnly(
  read: (length: number, position: number | null) => Promise<void>,
  notes: Notes,
  position: number | null,
): Promise<readonly [string, unknown]> {
  await read(10_000, position)
  const [call, outcome] = notes.all.pop()!
  return [call, Array.isArray(outcome) ? outcome[0] : outcome]
}

const madeUp: Situation[] = [
  {
    name: 'a file of /proc: its size is 0, and it has contents',
    run: async (notes) => {
      const opened = await notes.open('/proc/filesystems')
      await opened.stat()
      await opened.readFile()
      await opened.read(20, 0)
      await opened.read(20, 10)
      await opened.readOn(100_000, 5)
      await opened.readv([5, 5], 3)
      await opened.read(10)
      await opened.close()
    },
  },
  {
    name: 'files of /proc that are longer than one read of theirs',
    run: async (notes) => {
      const opened = await notes.open('/proc/kallsyms')
      await opened.readOn(300_000, 0)
      await opened.readOn(30_000, 100_001)
      await opened.close()
    },
  },
  {
    name: 'a file of /sys: its size is a page, and it has less',
    run: async (notes) => {
      const opened = await notes.open('/sys/kernel/mm/transparent_hugepage/enabled')
      await opened.stat()
      await opened.readFile()
      await opened.read(5, 2)
      await opened.read(5000, 0)
      await opened.close()
    },
  },
  {
    name: 'files of /proc and /sys that refuse',
    skip: missingRoot(),
    run: async (notes) => {
      const refusing = await notes.open('/proc/sys/kernel/ostype', 'r')
      await refusing.write('x')
      await refusing.truncate(0)
      await refusing.sync()
      await refusing.close()
      const picky = await notes.open('/proc/sys/vm/swappiness', 'r+')
      await picky.write('no number\n', 0)
      await picky.write('-1\n')
      await picky.sync()
      await picky.close()
      await notes.open('/proc/version', 'r+')
      await notes.open('/sys/kernel/notes', 'w')
      const memory = await notes.open('/proc/self/mem')
      await memory.read(10, 0)
      await memory.read(10)
      await memory.close()
    },
  },
]

compare('pipes', pipes)
compare('devices', devices)
compare('files that the kernel makes up', madeUp)
