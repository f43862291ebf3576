// A process to be watched, and `uring-actor top` run on it as a user runs it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Order, Ready } from './inspected-child.ts'

const CHILD = fileURLToPath(new URL('./inspected-child.js', import.meta.url))

export const PROGRAM: string = fileURLToPath(
  new URL('../bin/uring-actor.js', import.meta.resolve('@uring-actor/actor')),
)

const UNWANTED = [
  'URING_ACTOR_INSPECT',
  'URING_ACTOR_TRACE',
  'FORCE_COLOR',
  'NO_COLOR',
  // Node takes a terminal there for one without colours.
  'CI',
]

/** The environment of a child, in which nothing says how to trace, or to colour. */
export function plainEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_TEST_CONTEXT: '', TERM: 'xterm' }
  for (const name of UNWANTED) delete env[name]
  return { ...env, ...more }
}

/** A child of inspected-child.ts. */
export class Watched {
  readonly process: ChildProcess
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>
  socket: string | null = null
  warning: string | null = null

  private constructor(process: ChildProcess) {
    this.process = process
    this.ended = once(process, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  }

  /** `place` is what to give to `inspect`; nothing: nothing. */
  static async start(place: string = 'true', env: Record<string, string> = {}): Promise<Watched> {
    const child = spawn(process.execPath, [CHILD, place], {
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
      env: plainEnvironment(env),
    })
    const watched = new Watched(child)
    const { socket, warning } = (await watched.#answer()) as Ready
    Object.assign(watched, { socket, warning })
    return watched
  }

  get pid(): number {
    return this.process.pid!
  }

  async order(order: Order): Promise<unknown> {
    this.process.send(order)
    return this.#answer()
  }

  /** Ends it, if it has not ended yet, and removes the socket that it cannot remove then. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
    if (this.socket !== null) rmSync(this.socket, { force: true })
  }

  async #answer(): Promise<unknown> {
    const failed = this.ended.then(([code, signal]) => {
      throw new Error(`the watched process has ended with ${code ?? signal}`)
    })
    const [answer] = (await Promise.race([once(this.process, 'message'), failed])) as [unknown]
    return answer
  }
}
