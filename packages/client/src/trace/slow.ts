import { errorCode } from '../errors/index.ts'
import type { OperationFacts, SlowOperation, Stages } from './types.ts'

/** Reports of one client in a second, at most: a device that hangs makes every operation slow. */
const MOST_PER_SECOND = 50

/** Tells of slow operations, and counts those that it does not tell of. */
export class SlowReports {
  readonly #report: (slow: SlowOperation) => void
  /** When the second began, in microseconds, and what was told in it. */
  #second = 0
  #told = 0
  #untold = 0

  constructor(report: (slow: SlowOperation) => void) {
    this.#report = report
  }

  /** One that took long, at a time in microseconds. */
  tell(facts: OperationFacts, res: number, stages: Stages, now: number): void {
    if (now - this.#second > 1e6) {
      this.#second = now
      this.#told = 0
    }
    if (this.#told >= MOST_PER_SECOND) {
      this.#untold++
      return
    }
    this.#told++
    this.#report({
      ...facts,
      errorCode: res < 0 ? errorCode(res) : undefined,
      stages,
      slowest: slowestOf(stages),
      untold: this.#untold,
    })
    this.#untold = 0
  }
}

/** The stage that took longest. */
function slowestOf({ queue, batch, kernel, delivery }: Stages): SlowOperation['slowest'] {
  const longest = Math.max(queue, batch, kernel, delivery)
  if (longest === kernel) return 'kernel'
  if (longest === delivery) return 'delivery'
  return longest === queue ? 'queue' : 'batch'
}
