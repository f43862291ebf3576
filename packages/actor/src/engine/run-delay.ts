import { ProcFile } from '../files/proc-file.ts'

/** Three numbers of up to 20 characters. */
const MOST_CHARACTERS = 80

/**
 * How long the calling thread has waited for a processor while it could have run, as the kernel counts it
 * (Documentation/scheduler/sched-stats.rst). What took long was not slow for that.
 */
export class RunDelay {
  readonly #file: ProcFile

  /** To be made by the thread that is meant. */
  constructor(file: ProcFile = new ProcFile('/proc/thread-self/schedstat', MOST_CHARACTERS)) {
    this.#file = file
  }

  /** In microseconds since the thread began; 0 where the kernel does not tell. */
  micros(): number {
    const nanoseconds = Number(this.#file.read().split(' ')[1])
    return Number.isNaN(nanoseconds) ? 0 : nanoseconds / 1000
  }

  close(): void {
    this.#file.close()
  }
}
