// A lane: operations one burst after the other, each burst up to four at once. What it does is a
// function of the seed and of the lane's number only, not of when anything completes.
import type { Client, Lease, UringFile } from '@uring-actor/client'
import { CODE_TRAMPLED, codeOf } from './codes.ts'
import { BLOCK_BYTES, type Memory, memoryOf, seal } from './content.ts'
import type { Journal } from './history.ts'
import { FORM_LEASE, FORM_SYNC } from './kinds.ts'
import { type Board, byteFileOf, type Plan, type PlannedClient, type PlannedFile } from './plan.ts'
import type { Random } from './random.ts'

/** Operations of one lane that may be in flight at once. */
export const BURST = 4
export const BLOCKS_MAX = 4
export const PLACE_BYTES: number = BLOCKS_MAX * BLOCK_BYTES
const MARGIN = 64

/** What the lanes of a client share while it is connected. */
export interface Session {
  readonly client: Client
  readonly history: Journal
  readonly board: Board
  readonly plan: Plan
  /** Handles of the files of blocks, by id; null where the filesystem has no O_DIRECT. */
  readonly blockFiles: Array<UringFile | null>
}

/** Memory for one operation: an ordinary buffer with margins, and a lease. */
export class Place {
  readonly #client: Client
  #plain: Memory
  #lease: Lease
  #leased: Memory

  constructor(client: Client) {
    this.#client = client
    this.#plain = plainMemory()
    this.#lease = client.alloc(PLACE_BYTES)
    this.#leased = memoryOf(this.#lease)
  }

  /** The memory to use, from its beginning. */
  memory(form: number): Memory {
    if (form & FORM_LEASE) return this.#leased
    const { bytes } = this.#plain
    return memoryOf(bytes.subarray(MARGIN, MARGIN + PLACE_BYTES))
  }

  /** All of the memory that belongs to this place. */
  whole(form: number): Uint8Array {
    return form & FORM_LEASE ? this.#lease : this.#plain.bytes
  }

  /** Takes other memory. The lease is given back, also with an operation in flight on it. */
  renew(): void {
    this.#plain = plainMemory()
    this.#lease.release()
    this.#lease = this.#client.alloc(PLACE_BYTES)
    this.#leased = memoryOf(this.#lease)
  }

  release(): void {
    this.#lease.release()
  }
}

function plainMemory(): Memory {
  return memoryOf(new Uint8Array(PLACE_BYTES + 2 * MARGIN).fill(0xa5))
}

/** Blocks of a file of blocks. */
export interface Target {
  readonly handle: UringFile
  readonly file: number
  readonly block: number
  readonly count: number
}

export interface Invocation {
  readonly kind: number
  readonly form: number
  readonly file: number
  readonly position: number
  readonly length: number
  readonly version?: number
}

export class Lane {
  readonly session: Session
  readonly random: Random
  readonly writer: number
  /** Only calls that block the thread. */
  readonly blocking: boolean
  /** It has one operation under way at a time, and its client nothing else. */
  readonly alone: boolean
  readonly places: readonly (readonly [Place, Place])[]
  /** This lane's own file of bytes, its handle and its size. */
  readonly own: PlannedFile
  handle: UringFile | null = null
  size: number
  /** Operations that this lane has invoked in this session. */
  operations = 0
  #version: number
  /** What this lane does not wait for before it goes on. */
  readonly #pending = new Set<Promise<void>>()

  /** `before` is the same lane of the session before, which it goes on from. */
  constructor(
    session: Session,
    random: Random,
    client: PlannedClient,
    index: number,
    before?: Lane,
  ) {
    this.session = session
    this.random = random
    this.writer = client.firstWriter + index
    this.blocking = client.blocking
    this.alone = client.lanes === 1
    const { writer } = this
    const own = session.plan.files.find(({ id }) => id === byteFileOf(writer))
    if (own === undefined) throw new Error(`no file is planned for writer ${writer}`)
    this.own = own
    this.size = before?.size ?? own.size
    this.#version = before === undefined ? 0 : before.#version
    const places = session.client
    this.places = Array.from({ length: BURST }, () => [new Place(places), new Place(places)])
  }

  /** Returns the first of so many new versions. */
  takeVersions(count: number): number {
    const first = this.#version + 1
    this.#version += count
    return first
  }

  /**
   * Calls, and writes down both that and how it settled. `settled` writes the settlement of a call
   * that succeeded. True when it did.
   */
  async perform<T>(
    invocation: Invocation,
    call: () => T | Promise<T>,
    settled: (operation: number, value: T) => void = (operation) =>
      this.session.history.settled(operation, 0, 0),
  ): Promise<boolean> {
    const operation = this.invoked(invocation)
    try {
      // What blocks has settled when it returns; awaiting it would only tell a later time.
      const value = invocation.form & FORM_SYNC ? (call() as T) : await call()
      settled(operation, value)
      return true
    } catch (error) {
      this.failed(operation, error)
      return false
    }
  }

  invoked({ kind, form, file, position, length, version = 0 }: Invocation): number {
    const { history } = this.session
    this.operations++
    return history.invoked(kind, form, file, position, length, this.writer, version)
  }

  failed(operation: number, error: unknown): void {
    const written = (error as { bytesWritten?: number }).bytesWritten ?? 0
    this.session.history.settled(operation, codeOf(error), written)
  }

  trampled(operation: number): void {
    this.session.history.settled(operation, CODE_TRAMPLED, 0)
  }

  /** Makes blocks of new versions; returns the first of these. */
  sealAll(memory: Memory, { file, block, count }: Target): number {
    const version = this.takeVersions(count)
    for (let index = 0; index < count; index++) {
      seal(memory, index, file, block + index, this.writer, version + index)
    }
    return version
  }

  /** Goes on without waiting for it; `ended` does. */
  later(known: Promise<void>): void {
    this.#pending.add(known)
    void known.then(() => this.#pending.delete(known))
  }

  async ended(): Promise<void> {
    await Promise.all(this.#pending)
  }

  release(): void {
    for (const pair of this.places) for (const place of pair) place.release()
  }
}

/** Watches the bytes beside those that an operation may change, where they are of the same place. */
export class Margins {
  readonly #whole: Uint8Array
  readonly #from: number
  readonly #to: number
  readonly #before: number | undefined
  readonly #after: number | undefined

  constructor(place: Place, form: number, bytes: Uint8Array) {
    this.#whole = place.whole(form)
    this.#from = bytes.byteOffset - this.#whole.byteOffset
    this.#to = this.#from + bytes.length
    this.#before = this.#whole[this.#from - 1]
    this.#after = this.#whole[this.#to]
  }

  get intact(): boolean {
    const whole = this.#whole
    return whole[this.#from - 1] === this.#before && whole[this.#to] === this.#after
  }
}

/** Cuts a view in two or three, at multiples of `unit`; less if it is too short. */
export function cut(random: Random, bytes: Uint8Array, unit: number): Uint8Array[] {
  const parts: Uint8Array[] = []
  let rest = bytes
  for (let left = 1 + random.below(2); left > 0 && rest.length > unit; left--) {
    const at = unit * (1 + random.below(Math.ceil(rest.length / unit) - 1))
    parts.push(rest.subarray(0, at))
    rest = rest.subarray(at)
  }
  return [...parts, rest]
}
