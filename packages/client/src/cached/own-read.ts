import {
  ASK_ENDED,
  ASK_STARTED,
  COMPLETION_BUSY_F64,
  COMPLETION_COMPLETED_F64,
  COMPLETION_SUBMITTED_F64,
  COMPLETION_TAKEN_F64,
  COMPLETION_WORDS,
  OPERATION_READ,
} from '../protocol/index.ts'
import type { Span } from '../trace/spans.ts'
import type { Traced } from '../trace/traced.ts'

/** What tracing is told of a read that this thread has made itself, as if the actor had. */
export class OwnRead implements Traced {
  /** One more than any operation of the channel has. */
  readonly slot: number
  readonly kind: number = OPERATION_READ
  readonly addrLow: number = 0
  readonly addrHigh: number = 0
  fd = 0
  offLow = 0
  offHigh = 0
  len = 0
  called = true
  path: string | undefined = undefined
  span: Span | null = null
  /** As in a completion. */
  readonly times: Float64Array = new Float64Array(COMPLETION_WORDS / 2)

  constructor(slot: number) {
    this.slot = slot
  }

  /** From one moment to the other it was in the kernel, and this thread with it. */
  setTimes(ask: Float64Array): void {
    const { times } = this
    const started = ask[ASK_STARTED]
    const ended = ask[ASK_ENDED]
    times[COMPLETION_TAKEN_F64] = started
    times[COMPLETION_SUBMITTED_F64] = started
    times[COMPLETION_COMPLETED_F64] = ended
    times[COMPLETION_BUSY_F64] = ended - started
  }
}
