import { busy } from './busy.ts'
import type { CallBounds } from './call-bounds.ts'
import type { Line } from './line.ts'
import type { Steps } from './steps.ts'
import type { Transport } from './transport.ts'

/** A call's turn in a line, from when it has it until all its requests are posted. */
export class Turn {
  readonly #line: Line
  #held = false

  constructor(line: Line) {
    this.#line = line
  }

  /**
   * The step that waits for it. A blocking call has none, and goes before those in line: they cannot go
   * on while it blocks.
   */
  *take(): Steps<void> {
    this.#held = (yield { do: 'line', line: this.#line }) as boolean
  }

  /** All is posted, or nothing more will be. */
  pass(): void {
    if (!this.#held) return
    this.#held = false
    this.#line.pass()
  }
}

/** True, now or when it is this call's turn. */
export function takeTurn(
  transport: Transport,
  line: Line,
  bounds: CallBounds | null,
): true | Promise<true> {
  if (line.isFree) {
    line.take()
    return true
  }
  if (bounds?.noWait) throw busy(transport, 'position', 0)
  return new Promise((resolve, reject) => {
    const begin = (): boolean => {
      resolve(true)
      return true
    }
    const join = (start: () => boolean): void => line.join(start)
    if (bounds === null) join(begin)
    else bounds.waitInLine(join, begin, reject, (start) => line.leave(start))
  })
}
