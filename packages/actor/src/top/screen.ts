import readline from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'

/** The alternate screen, which has no history, without a cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'

/** What the user, or the terminal, has done. */
export interface ScreenEvents {
  /** `q` or Ctrl-C was pressed, or the terminal has gone. */
  quit(): void
  /** Something else has to be drawn, or the same anew. */
  redraw(): void
}

/** Where nothing stops the process, it goes on after so many milliseconds. */
const STOP_MILLISECONDS = 100

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** A terminal that is drawn on in place, and given back as it was however the process ends. */
export class Screen {
  readonly #output: WriteStream
  readonly #input: ReadStream
  readonly #events: ScreenEvents
  #entered = false
  #stopping: NodeJS.Timeout | undefined

  constructor(output: WriteStream, input: ReadStream, events: ScreenEvents) {
    this.#output = output
    this.#input = input
    this.#events = events
  }

  get size(): { width: number; height: number } {
    // A terminal that does not know its size says 0.
    const { columns, rows } = this.#output
    return { width: columns || 80, height: rows || 24 }
  }

  open(): void {
    process.on('exit', this.#leave)
    for (const signal of SIGNALS) process.on(signal, this.#onSignal)
    process.on('SIGTSTP', this.#suspend)
    process.on('SIGCONT', this.#again)
    this.#output.on('resize', this.#events.redraw)
    // The terminal was closed: nobody looks any more.
    this.#output.on('error', this.#events.quit)
    this.#input.on('error', this.#events.quit)
    if (this.#input.isTTY) {
      readline.emitKeypressEvents(this.#input)
      this.#input.on('keypress', this.#onKey)
      this.#input.on('end', this.#events.quit)
      this.#input.resume()
    }
    this.#enter()
  }

  close(): void {
    this.#leave()
    clearTimeout(this.#stopping)
    process.off('exit', this.#leave)
    for (const signal of SIGNALS) process.off(signal, this.#onSignal)
    process.off('SIGTSTP', this.#suspend)
    process.off('SIGCONT', this.#again)
    this.#output.off('resize', this.#events.redraw)
    this.#input.off('keypress', this.#onKey)
    this.#input.pause()
  }

  /** At most as many lines as the terminal has rows, and none longer than it is wide. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) return
    // Erased is first: behind a line that ends in the last column the erasing would take its end.
    const drawn = HOME + lines.map((line) => REST_OF_LINE + line).join('\r\n')
    this.#output.write(lines.length < this.size.height ? `${drawn}\r\n${REST_OF_SCREEN}` : drawn)
  }

  #enter = (): void => {
    if (this.#entered) return
    this.#entered = true
    // Without it keys would be echoed, and come by the line.
    if (this.#input.isTTY) this.#input.setRawMode(true)
    this.#output.write(ENTER)
    this.#events.redraw()
  }

  #leave = (): void => {
    if (!this.#entered) return
    this.#entered = false
    this.#output.write(LEAVE)
    if (this.#input.isTTY) this.#input.setRawMode(false)
  }

  #onKey = (_text: string | undefined, key: readline.Key): void => {
    if (key.ctrl !== true && key.meta !== true && key.name === 'q') this.#events.quit()
    else if (key.ctrl === true && key.name === 'c') this.#events.quit()
    else if (key.ctrl === true && key.name === 'z') this.#suspend()
  }

  /** Ends by the same signal, as whoever sent it expects. */
  #onSignal = (signal: NodeJS.Signals): void => {
    this.close()
    process.kill(process.pid, signal)
  }

  /** Stops as Ctrl-Z stops a program, with the terminal as it was. */
  #suspend = (): void => {
    this.#leave()
    process.off('SIGTSTP', this.#suspend)
    process.kill(process.pid, 'SIGTSTP')
    // It is stopped meanwhile; without a shell that could continue it the signal does nothing.
    this.#stopping = setTimeout(() => {
      process.on('SIGTSTP', this.#suspend)
      this.#enter()
    }, STOP_MILLISECONDS)
  }

  /** Continued, also after a stop that cannot be seen coming: the shell has set the terminal back. */
  #again = (): void => {
    if (this.#entered && this.#input.isTTY) this.#input.setRawMode(false)
    this.#entered = false
    this.#enter()
  }
}
