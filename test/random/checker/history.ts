// Reads one client's history, and shows that every operation was settled exactly once.
import { existsSync, readFileSync } from 'node:fs'
import type { Findings } from './findings.ts'

const INVOKED = 1
const SETTLED = 2
const DUMP = 3
const SESSION = 4
const END = 5
const OUTCOME = 6

const NOT_STARTED = 0
const FINISHED = 2

const FORM_ABORT = 128
/** Codes of settlements by abort and by time-out. */
const GIVEN_UP: readonly number[] = [1000, 1001]

const KIND_FLUSH = 13

/** One operation: what was asked for, when, and what came of it. */
export interface Operation {
  readonly client: number
  readonly number: number
  readonly kind: number
  readonly form: number
  readonly file: number
  readonly position: number
  readonly length: number
  readonly writer: number
  readonly version: number
  readonly invoked: number
  /** When it had ended: its settlement, or its outcome if it was given up. -1 when it has not. */
  readonly settled: number
  /** It was given up, and did not end by itself. */
  readonly stopped: boolean
  /** It was given up before it did anything. */
  readonly notStarted: boolean
  readonly code: number
  readonly count: number
  readonly checksum: number
  /** Writer, version and checksum of each block that was read. */
  blockAt(index: number): readonly [number, number, number]
  /** The words of a block that was dumped. */
  dumpAt(index: number): Int32Array | undefined
  readonly blocks: number
}

export function nameOf({ client, number }: Operation): string {
  return `operation ${number} of client ${client}`
}

export class History {
  readonly client: number
  readonly #words: Int32Array
  readonly #findings: Findings
  /** Where the records of each operation begin. */
  readonly #invokedAt: number[] = []
  readonly #settledAt: number[] = []
  readonly #outcomeAt = new Map<number, number>()
  /** Operations in the order in which they were settled. */
  readonly settlements: number[] = []
  readonly #dumps = new Map<string, Int32Array>()
  readonly #unsettled = new Set<number>()
  readonly #flushes = new Set<number>()

  constructor(path: string, client: number, findings: Findings) {
    this.client = client
    this.#findings = findings
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
    const length = bytes.length >> 2
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, length)
    this.#readAll()
    for (const number of this.settlements) {
      if (this.#wasGivenUp(number) && !this.#outcomeAt.has(number)) {
        findings.add('lost', `operation ${number} of client ${client} was given up; no outcome`)
      }
    }
    for (const number of this.#unsettled) {
      const { kind, file, position } = this.operation(number)
      const what = `kind ${kind}, file ${file}, position ${position}`
      findings.add('lost', `operation ${number} of client ${client} was never settled: ${what}`)
    }
  }

  get operations(): number {
    return this.#invokedAt.length
  }

  operation(number: number): Operation {
    const words = this.#words
    const asked = this.#invokedAt[number]!
    const settlement = this.#settledAt[number]!
    const outcome = this.#outcomeAt.get(number) ?? -1
    const givenUp = this.#wasGivenUp(number)
    // An outcome has a state before the code, and is else laid out as a settlement.
    const at = givenUp ? outcome + 1 : settlement
    const ended = givenUp ? outcome >= 0 : settlement >= 0
    const state = givenUp && ended ? words[outcome + 3]! : FINISHED
    const record = givenUp ? outcome : settlement
    const header = givenUp ? 7 : 6
    return {
      client: this.client,
      number,
      kind: words[asked + 3]!,
      form: words[asked + 4]!,
      file: words[asked + 5]!,
      position: words[asked + 6]!,
      length: words[asked + 7]!,
      writer: words[asked + 8]!,
      version: words[asked + 9]!,
      invoked: words[asked + 1]!,
      settled: ended ? words[record + 1]! : -1,
      stopped: givenUp && state !== FINISHED,
      notStarted: state === NOT_STARTED,
      code: ended ? words[at + 3]! : -1,
      count: ended ? words[at + 4]! : 0,
      checksum: ended ? words[at + 5]! : 0,
      blocks: ended ? ((words[record]! >>> 8) - header) / 3 : 0,
      blockAt: (index) => {
        const block = at + 6 + 3 * index
        return [words[block]!, words[block + 1]!, words[block + 2]!]
      },
      dumpAt: (index) => this.#dumps.get(`${number} ${index}`),
    }
  }

  /** True for one that was settled by its abort or its time-out. */
  #wasGivenUp(number: number): boolean {
    const at = this.#settledAt[number]!
    if (at < 0 || (this.#words[this.#invokedAt[number]! + 4]! & FORM_ABORT) === 0) return false
    return GIVEN_UP.includes(this.#words[at + 3]!)
  }

  #readAll(): void {
    const words = this.#words
    let time = -1
    let ended = false
    let at = 0
    while (at < words.length) {
      const length = words[at]! >>> 8
      const type = words[at]! & 0xff
      if (length < 3 || at + length > words.length || ended) {
        this.#findings.add('history', `client ${this.client} has a broken record at word ${at}`)
        return
      }
      if (type !== DUMP) {
        if (words[at + 1]! <= time) {
          this.#findings.add('history', `client ${this.client} goes back in time at word ${at}`)
        }
        time = words[at + 1]!
      }
      ended = this.#read(type, at, length)
      at += length
    }
    if (!ended) this.#findings.add('history', `that of client ${this.client} ends early`)
  }

  /** True for the last record. */
  #read(type: number, at: number, length: number): boolean {
    const words = this.#words
    const number = words[at + 2]!
    if (type === INVOKED) this.#invoked(number, at)
    else if (type === SETTLED) this.#settled(number, at)
    else if (type === OUTCOME) this.#outcome(number, at)
    else if (type === DUMP) {
      this.#dumps.set(`${number} ${words[at + 3]}`, words.subarray(at + 4, at + length))
    } else if (type === SESSION) this.#session(words.subarray(at + 3, at + length))
    else if (type === END && number !== this.operations) {
      const found = `${this.operations} operations, not ${number}`
      this.#findings.add('history', `that of client ${this.client} has ${found}`)
    }
    return type === END
  }

  #invoked(number: number, at: number): void {
    if (number !== this.#invokedAt.length) {
      const what = `operation ${number} after ${this.#invokedAt.length} others`
      this.#findings.add('history', `client ${this.client} invoked ${what}`)
    }
    this.#invokedAt[number] = at
    this.#settledAt[number] = -1
    this.#unsettled.add(number)
    if (this.#words[at + 3] === KIND_FLUSH) this.#flushes.add(number)
  }

  #settled(number: number, at: number): void {
    if (this.#invokedAt[number] === undefined) {
      this.#findings.add('duplicate', `client ${this.client} settled ${number}, never invoked`)
      return
    }
    if (!this.#unsettled.delete(number)) {
      this.#findings.add('duplicate', `client ${this.client} settled operation ${number} again`)
      return
    }
    this.#settledAt[number] = at
    this.settlements.push(number)
    if (!this.#flushes.delete(number)) return
    const [oldest] = this.#unsettled
    if (oldest !== undefined && oldest < number) {
      const what = `operation ${number} of client ${this.client} was settled before ${oldest}`
      this.#findings.add('flush', what)
    }
  }

  #outcome(number: number, at: number): void {
    if (this.#outcomeAt.has(number) || !this.#wasGivenUp(number)) {
      const what = `client ${this.client} had another outcome of operation ${number}`
      this.#findings.add('duplicate', what)
      return
    }
    this.#outcomeAt.set(number, at)
  }

  #session(words: Int32Array): void {
    const [taken = 0, cached = 0, completed = 0, inFlight, delivered] = words
    if (taken + cached === completed && completed === delivered && inFlight === 0) return
    const counts = `${taken} taken, ${cached} cached, ${completed} completed, ${inFlight} in flight`
    const what = `client ${this.client} had ${counts}, ${delivered} delivered`
    this.#findings.add(delivered! > completed! ? 'duplicate' : 'lost', what)
  }
}
