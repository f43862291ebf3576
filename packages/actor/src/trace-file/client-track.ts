import { label, type Place } from './event-text.ts'
import { Lanes } from './lanes.ts'

/** More operations of one client under way at once than these are not drawn. */
const LANES_MAX = 4096

/** One client in the file: a process, whose threads are lanes. */
export class ClientTrack {
  readonly #process: number
  readonly #lanes = new Lanes(LANES_MAX)
  /** The file's place of each lane. */
  readonly #places: Place[] = []
  #name: string

  constructor(process: number, name: string) {
    this.#process = process
    this.#name = name
  }

  /**
   * A place where nothing else is from `start` to `end`, null where there is none. What has to be
   * said of a new one goes to `lines`; `nextThread` numbers threads, of all processes.
   */
  placeFor(start: number, end: number, lines: string[], nextThread: () => number): Place | null {
    const lane = this.#lanes.take(start, end)
    if (lane < 0) return null
    if (lane < this.#places.length) return this.#places[lane]
    const place = { process: this.#process, thread: nextThread() }
    if (lane === 0) lines.push(...label('process', place, this.#name, this.#process))
    lines.push(...label('thread', place, `in flight ${lane + 1}`, lane))
    this.#places.push(place)
    return place
  }
}
