// What a client of the soak test tells of its operations: how long they took, and unexpected errors.
import type { Journal } from '../random/history.ts'
import { FORM_ABORT, FORM_NO_WAIT } from '../random/kinds.ts'

/** Calls of this kind and above must fail. */
const FIRST_THAT_FAILS = 14
const IN_FLIGHT_MAX = 4096
const TOLD_MAX = 10
const ABORTED: readonly number[] = [1000, 1001]
const BUSY = 1010
/** An operation that takes longer is told of. */
export const SLOW_MILLIS = 1000

const OPERATIONS = 0
const ERRORS = 1
const SLOW = 2
const SESSIONS = 3
const SLOWEST = 4
const WORDS = 16

/** The clients' counters, each written by one of them. */
export class Counters {
  readonly memory: SharedArrayBuffer
  readonly #values: Float64Array
  readonly #clients: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.#values = new Float64Array(memory)
    this.#clients = this.#values.length / WORDS
  }

  static create(clients: number): Counters {
    return new Counters(new SharedArrayBuffer(clients * WORDS * 8))
  }

  of(client: number): Float64Array {
    return this.#values.subarray(client * WORDS, (client + 1) * WORDS)
  }

  #sum(word: number): number {
    let sum = 0
    for (let client = 0; client < this.#clients; client++) sum += this.of(client)[word]!
    return sum
  }

  get operations(): number {
    return this.#sum(OPERATIONS)
  }

  get errors(): number {
    return this.#sum(ERRORS)
  }

  get sessions(): number {
    return this.#sum(SESSIONS)
  }

  get slow(): number {
    return this.#sum(SLOW)
  }

  /** The longest operation since this was asked last, in milliseconds. */
  takeSlowest(): number {
    let slowest = 0
    for (let client = 0; client < this.#clients; client++) {
      const values = this.of(client)
      slowest = Math.max(slowest, values[SLOWEST]!)
      values[SLOWEST] = 0
    }
    return slowest
  }
}

export class Watch implements Journal {
  operations = 0
  #told = 0
  readonly #counters: Float64Array
  readonly #client: number
  readonly #began = new Float64Array(IN_FLIGHT_MAX)
  readonly #kinds = new Uint8Array(IN_FLIGHT_MAX)
  readonly #forms = new Uint16Array(IN_FLIGHT_MAX)

  constructor(counters: Counters, client: number) {
    this.#counters = counters.of(client)
    this.#client = client
  }

  invoked(kind: number, form: number): number {
    const operation = this.operations++
    const at = operation % IN_FLIGHT_MAX
    this.#began[at] = performance.now()
    this.#kinds[at] = kind
    this.#forms[at] = form
    return operation
  }

  settled(operation: number, code: number): void {
    const at = operation % IN_FLIGHT_MAX
    const counters = this.#counters
    const millis = performance.now() - this.#began[at]!
    const kind = this.#kinds[at]!
    counters[OPERATIONS]!++
    counters[SLOWEST] = Math.max(counters[SLOWEST]!, millis)
    if (code > 0 !== kind >= FIRST_THAT_FAILS && !mayEndSo(this.#forms[at]!, code)) {
      counters[ERRORS]!++
      this.#tell(`kind ${kind} settled with ${code}`)
    }
    if (millis > SLOW_MILLIS) {
      counters[SLOW]!++
      this.#tell(`kind ${kind} took ${Math.round(millis)} ms`)
    }
  }

  /** The first only: what goes wrong often goes wrong very often. */
  #tell(text: string): void {
    if (this.#told++ < TOLD_MAX) console.error(`soak: client ${this.#client}: ${text}`)
  }

  settledBlocks(operation: number): void {
    this.settled(operation, 0)
  }

  outcome(): void {}

  sessionEnded(): void {
    this.#counters[SESSIONS]!++
  }
}

/** True for what was asked for: to be given up, or refused where there is no room. */
function mayEndSo(form: number, code: number): boolean {
  if (form & FORM_ABORT && ABORTED.includes(code)) return true
  return (form & FORM_NO_WAIT) !== 0 && code === BUSY
}
