import process from 'node:process'
import { createLogUpdate } from 'log-update'

const BAR_CELLS = 24
const INTERVAL_MILLIS = 100

/** One line on stderr that is drawn over while the job runs; nothing when that is no terminal. */
export class Progress {
  readonly #log: ReturnType<typeof createLogUpdate> | null
  #timer: NodeJS.Timeout | undefined

  constructor() {
    this.#log = process.stderr.isTTY ? createLogUpdate(process.stderr) : null
  }

  /** Shows a phase until `end`; `look` gives how much of it is done, 0 to 1, and what to say. */
  begin(phase: string, look: () => { share: number; text: string }): void {
    if (this.#log === null) return
    const log = this.#log
    const draw = () => {
      const { share, text } = look()
      log(`${phase.padEnd(6)} ${bar(share)} ${text}`)
    }
    draw()
    this.#timer = setInterval(draw, INTERVAL_MILLIS)
  }

  /** Takes the line away. */
  end(): void {
    clearInterval(this.#timer)
    this.#log?.clear()
    this.#log?.done()
  }
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}
