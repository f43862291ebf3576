import type { Socket } from 'node:net'
import { FORMAT, FORMAT_VERSION, REQUEST, type Refusal } from './snapshot.ts'

/** Longest line that a peer may send, in bytes. */
const LINE_BYTES = 64
/** A peer that asks more often waits: making an answer takes the actor's time. In milliseconds. */
const GAP_MILLISECONDS = 50

/**
 * One connection of the inspection socket. It is read only while nothing is to be written, so of a
 * peer that sends without end or never reads no more is kept than a socket's buffer and one answer.
 */
export class Peer {
  readonly #socket: Socket
  readonly #answer: () => string
  #received = ''
  /** An answer is being written, or the time for the next one has not come. */
  #busy = false
  #lastAnswer = Number.NEGATIVE_INFINITY

  constructor(socket: Socket, answer: () => string) {
    this.#socket = socket
    this.#answer = answer
    // Neither keeps the thread, and what goes wrong with a peer concerns nobody.
    socket.unref()
    socket.on('error', () => {})
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.#received += text
      this.#work()
    })
  }

  end(): void {
    this.#socket.destroy()
  }

  /** Takes the next line, if it is there and its time has come. */
  #work(): void {
    if (this.#busy || this.#socket.destroyed) return
    const length = this.#received.indexOf('\n')
    if (length > LINE_BYTES || (length < 0 && this.#received.length > LINE_BYTES)) {
      refuse(this.#socket, `a request has at most ${LINE_BYTES} bytes`)
    } else if (length < 0) {
      this.#socket.resume()
    } else {
      const line = this.#received.slice(0, length).trimEnd()
      this.#received = this.#received.slice(length + 1)
      if (line === REQUEST) this.#prepare()
      else refuse(this.#socket, `there is one request: ${REQUEST}`)
    }
  }

  #prepare(): void {
    this.#busy = true
    this.#socket.pause()
    const wait = this.#lastAnswer + GAP_MILLISECONDS - performance.now()
    if (wait > 0) setTimeout(() => this.#send(), wait).unref()
    else this.#send()
  }

  #send(): void {
    if (this.#socket.destroyed) return
    this.#lastAnswer = performance.now()
    this.#socket.write(`${this.#answer()}\n`, () => {
      this.#busy = false
      this.#work()
    })
  }
}

/** Tells a peer why it gets nothing, and lets it go, whether it reads that or not. */
export function refuse(socket: Socket, reason: string): void {
  const refusal: Refusal = { format: FORMAT, version: FORMAT_VERSION, refused: reason }
  socket.pause()
  socket.end(`${JSON.stringify(refusal)}\n`, () => socket.destroy())
}
