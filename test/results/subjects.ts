// One way to call file operations for four subjects: node:fs and our client, each asynchronous and
// blocking. Whatever is called is noted with what came of it, so that the notes can be compared.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Client, UringFile } from '@uring-actor/client'

/** One call: its name, and its value or the facts of its error. */
export type Note = readonly [call: string, outcome: unknown]

interface Failure {
  code: string
  errno: number
  syscall: string
  path?: string
}

/** What the four have in common, as promises; a transfer gives its number of bytes. */
interface RawFile {
  read(buffer: Buffer, length: number, position: number | null): Promise<number>
  write(buffer: Buffer, length: number, position: number | null): Promise<number>
  readv(buffers: Buffer[], position: number | null): Promise<number>
  writev(buffers: Buffer[], position: number | null): Promise<number>
  readFile(): Promise<Buffer>
  writeFile(bytes: Buffer): Promise<void>
  appendFile(bytes: Buffer): Promise<void>
  sync(): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  stat(): Promise<{ size: number; mode: number }>
  close(): Promise<void>
}

export interface Subject {
  readonly name: string
  open(path: string, flags: string | number): Promise<RawFile>
}

const nodeAsync: Subject = {
  name: 'node:fs/promises',
  open: async (path, flags) => {
    const file = await fs.promises.open(path, flags)
    return {
      read: async (buffer, length, at) => (await file.read(buffer, 0, length, at)).bytesRead,
      write: async (buffer, length, at) => (await file.write(buffer, 0, length, at)).bytesWritten,
      readv: async (buffers, at) => (await file.readv(buffers, at ?? undefined)).bytesRead,
      writev: async (buffers, at) => (await file.writev(buffers, at ?? undefined)).bytesWritten,
      readFile: () => file.readFile(),
      writeFile: (bytes) => file.writeFile(bytes),
      appendFile: (bytes) => file.appendFile(bytes),
      sync: () => file.sync(),
      datasync: () => file.datasync(),
      truncate: (length) => file.truncate(length),
      stat: () => file.stat(),
      close: () => file.close(),
    }
  },
}

const nodeSync: Subject = {
  name: 'node:fs',
  open: async (path, flags) => {
    const fd = fs.openSync(path, flags)
    return {
      read: async (buffer, length, at) => fs.readSync(fd, buffer, 0, length, at),
      write: async (buffer, length, at) => fs.writeSync(fd, buffer, 0, length, at),
      readv: async (buffers, at) => fs.readvSync(fd, buffers, at ?? undefined),
      writev: async (buffers, at) => fs.writevSync(fd, buffers, at ?? undefined),
      readFile: async () => fs.readFileSync(fd),
      writeFile: async (bytes) => fs.writeFileSync(fd, bytes),
      appendFile: async (bytes) => fs.appendFileSync(fd, bytes),
      sync: async () => fs.fsyncSync(fd),
      datasync: async () => fs.fdatasyncSync(fd),
      truncate: async (length) => fs.ftruncateSync(fd, length),
      stat: async () => fs.fstatSync(fd),
      close: async () => fs.closeSync(fd),
    }
  },
}

function oursAsync(client: Client): Subject {
  return {
    name: 'the client',
    open: async (path, flags) => {
      const file: UringFile = await client.open(path, flags)
      return {
        read: async (buffer, length, at) => (await file.read(buffer, 0, length, at)).bytesRead,
        write: async (buffer, length, at) => (await file.write(buffer, 0, length, at)).bytesWritten,
        readv: async (buffers, at) => (await file.readv(buffers, at)).bytesRead,
        writev: async (buffers, at) => (await file.writev(buffers, at)).bytesWritten,
        readFile: async () => await file.readFile(),
        writeFile: (bytes) => file.writeFile(bytes),
        appendFile: (bytes) => file.appendFile(bytes),
        sync: () => file.sync(),
        datasync: () => file.datasync(),
        truncate: (length) => file.truncate(length),
        stat: async () => (await file.stat()) as { size: number; mode: number },
        close: () => file.close(),
      }
    },
  }
}

function oursSync(client: Client): Subject {
  return {
    name: 'the client, blocking',
    open: async (path, flags) => {
      const file: UringFile = client.openSync(path, flags)
      return {
        read: async (buffer, length, at) => file.readSync(buffer, 0, length, at),
        write: async (buffer, length, at) => file.writeSync(buffer, 0, length, at),
        readv: async (buffers, at) => file.readvSync(buffers, at),
        writev: async (buffers, at) => file.writevSync(buffers, at),
        readFile: async () => file.readFileSync(),
        writeFile: async (bytes) => file.writeFileSync(bytes),
        appendFile: async (bytes) => file.writeFileSync(bytes),
        sync: async () => file.syncSync(),
        datasync: async () => file.datasyncSync(),
        truncate: async (length) => file.truncateSync(length),
        stat: async () => file.statSync() as { size: number; mode: number },
        close: async () => file.closeSync(),
      }
    },
  }
}

/** Each of ours, and the one of node:fs that it must be like. */
export function pairs(client: Client): ReadonlyArray<readonly [ours: Subject, node: Subject]> {
  return [
    [oursAsync(client), nodeAsync],
    [oursSync(client), nodeSync],
  ]
}

/** Long results as a digest, so that notes stay readable. */
function shown(bytes: Buffer): string {
  if (bytes.length <= 32) return bytes.toString('latin1')
  return `${bytes.length} bytes, ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}`
}

/** Makes calls on one subject and notes them. */
export class Notes {
  readonly all: Note[] = []
  readonly #subject: Subject

  constructor(subject: Subject) {
    this.#subject = subject
  }

  async open(path: string, flags: string | number = 'r'): Promise<NotedFile> {
    const file = await this.note('open', () => this.#subject.open(path, flags), 'opened')
    return new NotedFile(this, file)
  }

  /** What a path holds now, by way of node:fs. */
  async content(at: string): Promise<void> {
    await this.note(`content of ${path.basename(at)}`, async () => shown(fs.readFileSync(at)))
  }

  /** Notes a call; its value, or null when it has failed. */
  async note<T>(call: string, made: () => Promise<T>, value?: string): Promise<T | null> {
    try {
      const result = await made()
      this.all.push([call, value ?? result ?? null])
      return result
    } catch (error) {
      this.all.push([call, facts(error)])
      return null
    }
  }
}

const NAMES = new Map(Object.entries(os.constants.errno).map(([name, errno]) => [errno, name]))

/** The facts of an error of node:fs; anything else is no result but a failure of the test. */
function facts(error: unknown): Failure {
  const { errno, syscall, path: at } = error as NodeJS.ErrnoException
  let { code } = error as NodeJS.ErrnoException
  if (code === undefined || errno === undefined || syscall === undefined) throw error
  // Node has no names for a few, and says so in two ways; we have them all.
  if (code === 'UNKNOWN' || code === `Unknown system error ${errno}`) code = NAMES.get(-errno)!
  // Every subject has a directory of its own, whose name is not what is compared.
  const named = at === undefined ? {} : { path: path.basename(at) }
  return { code, errno, syscall, ...named }
}

/** The calls of one file. Where opening it has failed they are noted as impossible. */
export class NotedFile {
  readonly #notes: Notes
  readonly #file: RawFile | null

  constructor(notes: Notes, file: RawFile | null) {
    this.#notes = notes
    this.#file = file
  }

  async #note<T>(call: string, made: (file: RawFile) => Promise<T>): Promise<T | null> {
    const file = this.#file
    if (file === null) return null
    return this.#notes.note(call, () => made(file))
  }

  async read(length: number, position: number | null = null): Promise<void> {
    const buffer = Buffer.alloc(length, '-')
    await this.#note(`read ${length} at ${position}`, async (file) => {
      const bytesRead = await file.read(buffer, length, position)
      return [bytesRead, shown(buffer)]
    })
  }

  /** Reads up to the end, or an error: a call of ours may take what node:fs needs several for. */
  async readOn(length: number, position: number): Promise<void> {
    const buffer = Buffer.alloc(length, '-')
    let done = 0
    await this.#note(`read on ${length} at ${position}`, async (file) => {
      for (let last = -1; last !== 0 && done < length; done += last) {
        last = await file.read(buffer.subarray(done), length - done, position + done)
      }
      return [done, shown(buffer)]
    })
    await this.#notes.note('of them before', async () => [done, shown(buffer)])
  }

  async write(text: string | Buffer, position: number | null = null): Promise<void> {
    const bytes = Buffer.from(text)
    await this.#note(`write ${bytes.length} at ${position}`, (file) =>
      file.write(bytes, bytes.length, position),
    )
  }

  /** Writes all, or up to an error; notes both, however many calls that takes. */
  async writeOn(bytes: Buffer, position: number | null): Promise<void> {
    let done = 0
    await this.#note(`write on ${bytes.length} at ${position}`, async (file) => {
      try {
        while (done < bytes.length) {
          const rest = bytes.subarray(done)
          done += await file.write(rest, rest.length, position === null ? null : position + done)
        }
      } catch (error) {
        done += (error as { bytesWritten?: number }).bytesWritten ?? 0
        throw error
      }
    })
    await this.#notes.note('of them written', async () => done)
  }

  async readv(lengths: number[], position: number | null): Promise<void> {
    const buffers = lengths.map((length) => Buffer.alloc(length, '-'))
    await this.#note(`readv ${lengths} at ${position}`, async (file) => {
      const bytesRead = await file.readv(buffers, position)
      return [bytesRead, shown(Buffer.concat(buffers))]
    })
  }

  async writev(texts: string[], position: number | null): Promise<void> {
    const buffers = texts.map((text) => Buffer.from(text))
    await this.#note(`writev ${texts} at ${position}`, (file) => file.writev(buffers, position))
  }

  async readFile(): Promise<void> {
    await this.#note('readFile', async (file) => shown(await file.readFile()))
  }

  async writeFile(text: string): Promise<void> {
    await this.#note('writeFile', (file) => file.writeFile(Buffer.from(text)))
  }

  async appendFile(text: string): Promise<void> {
    await this.#note('appendFile', (file) => file.appendFile(Buffer.from(text)))
  }

  async sync(): Promise<void> {
    await this.#note('sync', (file) => file.sync())
  }

  async datasync(): Promise<void> {
    await this.#note('datasync', (file) => file.datasync())
  }

  async truncate(length: number): Promise<void> {
    await this.#note(`truncate ${length}`, (file) => file.truncate(length))
  }

  async stat(): Promise<void> {
    await this.#note('stat', async (file) => {
      const { size, mode } = await file.stat()
      return { size, mode }
    })
  }

  async close(): Promise<void> {
    await this.#note('close', (file) => file.close())
  }
}
