// A filesystem of one file whose reads and writes wait until a test lets them go: the only way to keep
// one of the kernel's own workers in the middle of an operation, where no cancellation reaches it.
// What it answers is held-files-server.ts, in a process of its own: the test's may be blocked.
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { within } from './outcome.ts'
import { atEnd } from './removals.ts'
import { temporaryDirectory } from './temporary.ts'
import { missingSystemTests } from './tools.ts'

const server = new URL('./held-files-server.js', import.meta.url)

/** The reason to skip what needs such a filesystem; false where it can be mounted. */
export function missingHeldFiles(): string | false {
  const missing = missingSystemTests()
  if (missing !== false) return missing
  return existsSync('/dev/fuse') ? false : 'the kernel has no FUSE'
}

export type ServerOrder = 'hold' | 'release'
export type ServerNews = 'mounted' | 'held' | 'done'

export class HeldFiles {
  /** A file of 64 MiB, every byte of it 0x5a. */
  readonly file: string
  readonly #directory: string
  readonly #server: ChildProcess
  #unmounted = false

  private constructor(directory: string, child: ChildProcess) {
    this.#directory = directory
    this.#server = child
    this.file = path.join(directory, 'held')
    atEnd(() => this.unmount())
  }

  static async mount(): Promise<HeldFiles> {
    const directory = temporaryDirectory()
    // The test's own options, such as a test runner's, are not the server's.
    const child = fork(server, [directory], { execArgv: [], env: { PATH: process.env.PATH } })
    const files = new HeldFiles(directory, child)
    await files.#heard('mounted')
    // It is there for the test, and does not keep the test's process alive.
    child.unref()
    child.channel?.unref()
    return files
  }

  /** From now on reads and writes wait. */
  async hold(): Promise<void> {
    await this.#ask('hold')
  }

  /** Resolves when an operation waits. Ask before it can: it is told once. */
  held(): Promise<void> {
    return this.#heard('held')
  }

  /** What waits is answered, and nothing waits any more. */
  async release(): Promise<void> {
    await this.#ask('release')
  }

  /** As release, by another process: this thread may be blocked then. */
  releaseAfter(millis: number): void {
    const order = `sleep ${millis / 1000}; kill -USR1 ${this.#server.pid}`
    spawn('sh', ['-c', order], { stdio: 'ignore', detached: true }).unref()
  }

  /** The device is gone: what waits fails. */
  unmount(): void {
    if (this.#unmounted) return
    this.#unmounted = true
    this.#server.kill('SIGKILL')
    execFileSync('umount', ['-l', this.#directory], { stdio: 'pipe' })
  }

  async #ask(order: ServerOrder): Promise<void> {
    const done = this.#heard('done')
    this.#server.send(order)
    await done
  }

  async #heard(wanted: ServerNews): Promise<void> {
    const listen = async (): Promise<void> => {
      for (;;) {
        const [news] = (await once(this.#server, 'message')) as [ServerNews]
        if (news === wanted) return
      }
    }
    await within(10_000, `the filesystem's "${wanted}"`, listen())
  }
}
