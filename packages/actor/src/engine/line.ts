import { type RowLinks, RowQueue } from './row-queue.ts'

/** A pipe that has nothing is asked again after so long, and then ever more seldom. */
const SHORTEST_REST_MILLISECONDS = 1
const LONGEST_REST_MILLISECONDS = 16

/** Requests that wait for a thread of the pool, and how many may be in it. */
export class Line {
  readonly queue: RowQueue
  /**
   * True for a descriptor that never blocks though its caller thinks that it does: EAGAIN is no
   * answer then, it is asked again.
   */
  readonly patient: boolean
  running = 0
  readonly #most: number
  #resting = false
  #restMilliseconds = SHORTEST_REST_MILLISECONDS

  constructor(links: RowLinks, most: number, patient = false) {
    this.queue = new RowQueue(links)
    this.patient = patient
    this.#most = most
  }

  get mayRun(): boolean {
    return !this.#resting && this.running < this.#most && !this.queue.empty
  }

  /** There was nothing: the line rests before it goes on. */
  rest(goOn: () => void): void {
    this.#resting = true
    setTimeout(() => {
      this.#resting = false
      goOn()
    }, this.#restMilliseconds)
    this.#restMilliseconds = Math.min(this.#restMilliseconds * 2, LONGEST_REST_MILLISECONDS)
  }

  worked(): void {
    this.#restMilliseconds = SHORTEST_REST_MILLISECONDS
  }
}
