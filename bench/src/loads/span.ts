import type { LatencyRecorder } from '../measure/latency-recorder.ts'

/** A stretch of time in which lanes keep operations in flight: warm-up, or what is measured. */
export class Span {
  operations = 0
  readonly began: number = performance.now()
  /** Nothing begins from here on, in milliseconds of performance.now(). */
  readonly end: number
  readonly #recorder: LatencyRecorder | null

  constructor(seconds: number, recorder: LatencyRecorder | null) {
    this.end = this.began + seconds * 1000
    this.#recorder = recorder
    recorder?.begin(this.began, seconds)
  }

  /** An operation has ended, from then until now; returns now, when the next one begins. */
  done(began: number): number {
    const now = performance.now()
    this.operations++
    this.#recorder?.record(began, now)
    return now
  }
}
