// A filesystem of our own (FUSE), whose calls fail as a test says: with an error, with fewer bytes, late,
// or never. A process of its own answers the kernel, so that calls which block this one work too.
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { atEnd } from './removals.ts'
import { temporaryDirectory } from './temporary.ts'
import { missingSystemTests } from './tools.ts'

/** What becomes of calls of one kind. */
export interface Rule {
  /** They fail: -errno. */
  error?: number
  /** A read or write does so many bytes at most. */
  bytes?: number
  /** They are not answered before `release()`. */
  hold?: true
  /** So many calls are spared first. */
  after?: number
  /** It holds for so many calls, then no more. */
  times?: number
}

/** The calls that reach a filesystem, by their names in FUSE. */
export type Call =
  | 'read'
  | 'write'
  | 'fsync'
  | 'open'
  | 'getattr'
  | 'setattr'
  | 'fallocate'
  | 'flush'

export type Order = { kind: 'rule'; call: Call; rule: Rule | null } | { kind: 'ask' | 'release' }
export type Answer = { calls: Record<string, number>; held: number } | { failure: string }

export interface FaultyOptions {
  /** The kernel keeps pages of its files, as of others; else every read and write arrives. */
  cached?: boolean
}

export class FaultyFilesystem {
  readonly directory: string
  readonly #server: ChildProcess

  /** Made by `faultyFilesystem()`. */
  constructor(directory: string, server: ChildProcess) {
    this.directory = directory
    this.#server = server
  }

  path(name: string): string {
    return path.join(this.directory, name)
  }

  /** From now on calls of this kind fail so: by an error's name, or as a rule says. */
  async fail(call: Call, how: keyof typeof os.constants.errno | Rule): Promise<void> {
    const rule = typeof how === 'string' ? { error: -os.constants.errno[how] } : how
    await this.#tell({ kind: 'rule', call, rule })
  }

  /** From now on calls of this kind are carried out. */
  async mend(call: Call): Promise<void> {
    await this.#tell({ kind: 'rule', call, rule: null })
  }

  /** How many calls of this kind have arrived. */
  async calls(call: Call): Promise<number> {
    return (await this.#tell({ kind: 'ask' })).calls[call] ?? 0
  }

  /** How many calls are held back. */
  async held(): Promise<number> {
    return (await this.#tell({ kind: 'ask' })).held
  }

  /** Answers what is held back. */
  async release(): Promise<void> {
    await this.#tell({ kind: 'release' })
  }

  /** Kills the process behind it: whatever is in flight fails, and so does all that follows. */
  kill(): void {
    this.#server.kill('SIGKILL')
  }

  async #tell(order: Order): Promise<{ calls: Record<string, number>; held: number }> {
    const answer = answerOf(this.#server)
    this.#server.send(order)
    const told = await answer
    if ('failure' in told) throw new Error(told.failure)
    return told
  }
}

function answerOf(server: ChildProcess): Promise<Answer> {
  server.channel?.ref()
  return new Promise<Answer>((resolve) => {
    server.once('message', (answer: Answer) => {
      server.channel?.unref()
      resolve(answer)
    })
    server.once('exit', (code, signal) =>
      resolve({ failure: `the filesystem's process ended with ${code ?? signal}` }),
    )
  })
}

/** A new and empty one; the reason to skip instead where there can be none. */
export async function faultyFilesystem({
  cached = false,
}: FaultyOptions = {}): Promise<FaultyFilesystem | string> {
  const missing = missingSystemTests()
  if (missing !== false) return missing
  if (!existsSync('/dev/fuse')) return 'there is no /dev/fuse'
  const directory = temporaryDirectory()
  const script = fileURLToPath(new URL('./fuse-server.js', import.meta.url))
  const server = fork(script, [directory, cached ? 'cached' : 'direct'], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  server.setMaxListeners(0)
  server.unref()
  const answer = await answerOf(server)
  if ('failure' in answer) return `no filesystem of our own can be mounted: ${answer.failure}`
  atEnd(() => {
    execFileSync('umount', ['-l', directory], { stdio: 'pipe' })
    server.kill('SIGKILL')
  })
  return new FaultyFilesystem(directory, server)
}
