import net from 'node:net'
import { REQUEST, readAnswer, type Snapshot } from '../inspect/snapshot.ts'
import { Failure, GONE, NOT_WATCHABLE } from './failure.ts'
import { assertOwner, connectFailure, type Target } from './target.ts'

/** Longest answer, in characters: of a thousand clients it is a tenth of that. */
const ANSWER_LENGTH = 8 * 1024 * 1024
/** How long an answer may take, in milliseconds. */
const ANSWER_MILLISECONDS = 10_000

/** A connection to the socket of a running actor. */
export class Connection {
  readonly #socket: net.Socket
  readonly #target: Target
  #received: string[] = []
  #length = 0
  #waiting: { resolve: (snapshot: Snapshot) => void; reject: (error: Failure) => void } | null =
    null
  #known = false
  #failure: Failure | null = null
  #end: (failure: Failure) => void = () => {}
  /** Resolves when nothing can be asked any more, with the reason. */
  readonly ended: Promise<Failure> = new Promise((resolve) => {
    this.#end = resolve
  })

  private constructor(socket: net.Socket, target: Target) {
    this.#socket = socket
    this.#target = target
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => this.#take(text))
    // What went wrong is of less interest than that it is over: `close` follows.
    socket.on('error', () => {})
    socket.on('close', () => this.#fail(this.#whyClosed()))
  }

  /** Rejects with a Failure. */
  static async open(target: Target): Promise<Connection> {
    const socket = net.connect(target.path)
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', ({ code }: NodeJS.ErrnoException) => {
        reject(connectFailure(target, code))
      })
    })
    const connection = new Connection(socket, target)
    try {
      assertOwner(target)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  /**
   * The figures since the last call. Rejects with a Failure, also when none come for long; unless
   * somebody watches who sees that (`patient`), and the actor has answered before. One call at a time.
   */
  async ask(patient: boolean = false): Promise<Snapshot> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        if (this.#failure !== null) throw this.#failure
        this.#waiting = { resolve, reject }
        this.#socket.write(`${REQUEST}\n`)
        if (patient && this.#known) return
        const why = 'it does not answer: is it stopped, or no socket of an actor?'
        timer = setTimeout(() => this.#fail(this.#unfit(why)), ANSWER_MILLISECONDS)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(text: string): void {
    const end = text.indexOf('\n')
    this.#length += text.length
    this.#received.push(end < 0 ? text : text.slice(0, end))
    if (end < 0 && this.#length <= ANSWER_LENGTH) return
    const line = this.#received.join('')
    this.#received = []
    this.#length = 0
    const answer = end < 0 ? null : readAnswer(line)
    // Nothing comes unasked, and nothing behind an answer.
    if (answer === null || this.#waiting === null || end !== text.length - 1) {
      this.#fail(this.#unfit('it does not speak the protocol of this version of uring-actor'))
    } else if ('refused' in answer) {
      this.#fail(this.#unfit(`the actor refuses: ${printable(answer.refused)}`))
    } else if (this.#target.pid !== null && answer.pid !== this.#target.pid) {
      this.#fail(this.#unfit(`it belongs to a process that calls itself ${answer.pid}`))
    } else {
      this.#known = true
      const { resolve } = this.#waiting
      this.#waiting = null
      resolve(answer)
    }
  }

  #unfit(why: string): Failure {
    return new Failure(`${this.#target.path}: ${why}`, NOT_WATCHABLE)
  }

  #whyClosed(): Failure {
    if (!this.#known) return this.#unfit('it was closed without an answer')
    const { path, pid } = this.#target
    const whose = pid === null ? `at ${path}` : `of process ${pid}`
    return new Failure(`the actor ${whose} has ended`, GONE)
  }

  /** The first failure stays: what comes after it is because of it. */
  #fail(failure: Failure): void {
    this.#failure ??= failure
    this.#end(this.#failure)
    this.#socket.destroy()
    this.#waiting?.reject(this.#failure)
    this.#waiting = null
  }
}

/** Without what a terminal would take for orders. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 200)
}
