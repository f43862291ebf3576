// A headless Chromium that a test drives by the DevTools protocol, over pipes: no port, no package.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import path from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { temporaryDirectory } from './temporary.ts'

const PROGRAM = 'chromium'
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
]
const ANSWER_MILLIS = 60_000
const END_MILLIS = 10_000

/** Why no page can be opened here, in one line; null when one can. */
export function chromiumRefusal(): string | null {
  const { error } = spawnSync(PROGRAM, ['--version'], { stdio: 'ignore' })
  return error === undefined ? null : `${PROGRAM} is not installed (apt-get install ${PROGRAM})`
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Record<string, unknown>
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

interface Waiting {
  readonly resolve: (result: Record<string, unknown>) => void
  readonly reject: (error: Error) => void
}

/** One browser with one page. It ends with `close`, and at the latest with this process. */
export class Page {
  /** Emits events of the protocol by their method. */
  readonly events = new EventEmitter()
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #session: string | undefined
  #lastId = 0
  #unread = ''

  private constructor() {
    const home = temporaryDirectory()
    this.#child = spawn(PROGRAM, [...FLAGS, `--user-data-dir=${path.join(home, 'profile')}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home },
    })
    const output = this.#child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#read(text))
    // A browser that is gone refuses what is written to it; `exit` tells who waits.
    ;(this.#child.stdio[3] as Writable).on('error', () => {})
    this.#child.once('exit', () => this.#failAll(new Error('the browser has ended')))
    this.#child.once('error', (error) => this.#failAll(error))
    process.once('exit', this.#kill)
  }

  /** Starts a browser and opens an empty page. */
  static async open(): Promise<Page> {
    const page = new Page()
    const { targetId } = await page.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await page.send('Target.attachToTarget', { targetId, flatten: true })
    page.#session = sessionId as string
    return page
  }

  /** Calls a method of the protocol and returns its result. */
  send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#lastId
    const message = { id, method, params, sessionId: this.#session }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} was not answered`)), ANSWER_MILLIS)
      const end = () => {
        clearTimeout(timer)
        this.#waiting.delete(id)
      }
      this.#waiting.set(id, {
        resolve: (result) => {
          end()
          resolve(result)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      })
      ;(this.#child.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`)
    })
  }

  /** Opens an address and waits until all of it is there. */
  async goTo(url: string): Promise<void> {
    const loaded = once(this.events, 'Page.loadEventFired', {
      signal: AbortSignal.timeout(ANSWER_MILLIS),
    })
    const [{ errorText }] = await Promise.all([this.send('Page.navigate', { url }), loaded])
    if (errorText !== undefined) throw new Error(`${url}: ${errorText}`)
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })) as { result: { value: T }; exceptionDetails?: unknown }
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return result.value
  }

  /** Lets it end by itself: killed, it leaves processes that still write to what is removed next. */
  async close(): Promise<void> {
    process.off('exit', this.#kill)
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    const timer = setTimeout(this.#kill, END_MILLIS)
    this.#session = undefined
    this.send('Browser.close').catch(() => {})
    await ended
    clearTimeout(timer)
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL')
  }

  #read(text: string): void {
    const messages = (this.#unread + text).split('\0')
    this.#unread = messages.pop()!
    for (const message of messages) this.#take(JSON.parse(message) as Message)
  }

  #take({ id, method, params, result, error }: Message): void {
    if (id === undefined) {
      this.events.emit(method!, params)
      return
    }
    const waiting = this.#waiting.get(id)
    if (error !== undefined) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result ?? {})
  }

  #failAll(error: Error): void {
    for (const { reject } of [...this.#waiting.values()]) reject(error)
  }
}
