// Operations of every kind from one client, some of which fail or are given up; counted by the client's
// thread as they settle, by the names that statistics have for them.
import type { Client, OperationOutcome, OperationStats, UringFile } from '@uring-actor/client'
import { Random } from '../random/random.ts'

const FILE_BYTES = 1 << 16
const MOST_BYTES = 4096
/** Operations that one client has in flight at a time. */
export const LANES = 32

export const KINDS = [
  'nop',
  'read',
  'write',
  'fsync',
  'fallocate',
  'trim',
  'open',
  'close',
  'fstat',
] as const
export type Kind = (typeof KINDS)[number]

/** The part of statistics that can be known exactly. */
type KindCount = Pick<OperationStats, 'count' | 'errors' | 'bytes' | 'errorCodes'>
export type Counted = Record<string, KindCount>

/** What of statistics is to be compared with what was counted. */
export function countedOf(operations: Readonly<Record<string, OperationStats>>): Counted {
  return Object.fromEntries(
    Object.entries(operations).map(([kind, { count, errors, bytes, errorCodes }]) => {
      return [kind, { count, errors, bytes, errorCodes }]
    }),
  )
}

/** Adds counts up, kind by kind and code by code. */
export function sumOf(counts: readonly Counted[]): Counted {
  const sum: Counted = {}
  for (const [kind, { count, errors, bytes, errorCodes }] of counts.flatMap(Object.entries)) {
    const before = sum[kind] ?? { count: 0, errors: 0, bytes: 0, errorCodes: {} }
    const codes = { ...before.errorCodes }
    for (const [code, times] of Object.entries(errorCodes as Record<string, number>)) {
      codes[code] = (codes[code] ?? 0) + times
    }
    sum[kind] = {
      count: before.count + count,
      errors: before.errors + errors,
      bytes: before.bytes + bytes,
      errorCodes: codes,
    }
  }
  return sum
}

export interface WorkOrders {
  seed: number
  /** How many operations; Infinity: until the thread is killed. */
  operations: number
  /** A file of this client alone, and an empty pipe. */
  path: string
  pipe: string
  /** Operations begun and settled so far, by kind: what can be known of a thread that is killed. */
  progress: { begun: Int32Array; settled: Int32Array }
}

interface Files {
  both: UringFile
  readable: UringFile
  writable: UringFile
  pipe: UringFile
}

/** One client's share of the work, and what it has counted. */
export class MixedWork {
  readonly counted: Counted = {}
  readonly #client: Client
  readonly #orders: WorkOrders
  readonly #random: Random
  #left: number

  constructor(client: Client, orders: WorkOrders) {
    this.#client = client
    this.#orders = orders
    this.#random = new Random(orders.seed, 1)
    this.#left = orders.operations
  }

  async run(): Promise<void> {
    const files = await this.#open()
    await Promise.all(Array.from({ length: LANES }, () => this.#lane(files)))
    for (const file of Object.values(files)) await this.#do('close', () => file.close())
  }

  async #open(): Promise<Files> {
    const { path, pipe } = this.#orders
    const opened = async (name: string, flags: string | number): Promise<UringFile> => {
      let file: UringFile | null = null
      await this.#do('open', async () => {
        file = await this.#client.open(name, flags)
      })
      return file!
    }
    return {
      both: await opened(path, 'r+'),
      readable: await opened(path, 'r'),
      writable: await opened(path, 'a'),
      pipe: await opened(pipe, 'r+'),
    }
  }

  async #lane(files: Files): Promise<void> {
    while (this.#left > 0) await this.#one(files)
  }

  #one(files: Files): Promise<void> {
    const random = this.#random
    const bytes = Buffer.alloc(1 + random.below(MOST_BYTES))
    const position = random.below(FILE_BYTES)
    const chosen = random.below(1000)
    if (chosen < 380) return this.#transfer('read', () => files.both.read(bytes, { position }))
    if (chosen < 560) return this.#transfer('write', () => files.both.write(bytes, { position }))
    if (chosen < 680) return this.#do('nop', () => this.#client.nop())
    if (chosen < 750) return this.#do('fstat', () => files.readable.stat())
    if (chosen < 790) return this.#do('trim', () => files.both.trim(position, bytes.length))
    if (chosen < 800) return this.#do('fsync', () => files.both.datasync())
    if (chosen < 810) return this.#do('fallocate', () => files.both.allocate(position, 4096))
    if (chosen < 850) return this.#do('read', () => files.writable.read(bytes, { position }))
    if (chosen < 880) return this.#do('write', () => files.readable.write(bytes, { position }))
    if (chosen < 890) return this.#do('open', () => this.#client.open(`${this.#orders.path}.none`))
    if (chosen < 893) {
      return this.#transfer('read', () => files.both.readSync(bytes, { position }))
    }
    if (chosen < 950) {
      return this.#givenUp('read', (signal) => files.both.read(bytes, { position, signal }))
    }
    if (chosen < 970) {
      return this.#givenUp('write', (signal) => files.both.write(bytes, { position, signal }))
    }
    return this.#givenUp('read', (signal) => files.pipe.read(bytes, { signal }))
  }

  #do(kind: Kind, call: () => Promise<unknown>): Promise<void> {
    return this.#transfer(kind, () => call().then(() => 0))
  }

  async #transfer(kind: Kind, call: () => unknown): Promise<void> {
    this.#begin(kind)
    try {
      this.#settle(kind, bytesOf(await call()), null)
    } catch (error) {
      this.#settle(kind, 0, error as NodeJS.ErrnoException)
    }
  }

  /** Gives the operation up when it has been posted; counts what has become of it. */
  async #givenUp(kind: Kind, call: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    this.#begin(kind)
    const controller = new AbortController()
    setImmediate(() => controller.abort())
    try {
      this.#settle(kind, bytesOf(await call(controller.signal)), null)
    } catch (error) {
      const { outcome } = error as { outcome?: Promise<OperationOutcome> }
      if (outcome === undefined) throw error
      const end = await outcome
      if (end.state === 'finished') this.#settle(kind, bytesOf(end.result), end.error ?? null)
      else this.#settle(kind, 0, { code: 'ECANCELED' })
    }
  }

  #begin(kind: Kind): void {
    this.#left--
    Atomics.add(this.#orders.progress.begun, KINDS.indexOf(kind), 1)
  }

  #settle(kind: Kind, bytes: number, error: Partial<NodeJS.ErrnoException> | null): void {
    const codes = error === null ? {} : { [error.code ?? String(error)]: 1 }
    const one = { count: 1, errors: error === null ? 0 : 1, bytes, errorCodes: codes }
    this.counted[kind] = sumOf([{ [kind]: this.counted[kind] ?? NONE }, { [kind]: one }])[kind]!
    Atomics.add(this.#orders.progress.settled, KINDS.indexOf(kind), 1)
  }
}

const NONE: KindCount = { count: 0, errors: 0, bytes: 0, errorCodes: {} }

/** Bytes that a read or write resolved with. */
function bytesOf(result: unknown): number {
  if (typeof result === 'number') return result
  const { bytesRead, bytesWritten } = (result ?? {}) as Record<string, number | undefined>
  return bytesRead ?? bytesWritten ?? 0
}
