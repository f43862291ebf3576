// One thread of race.test.ts: lanes that do one operation after the other, each on blocks of its own, and
// give many of them up at any moment. What a block may hold follows from what each call and each
// outcome has said, and every read is held against it.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortError,
  type CallOptions,
  type Client,
  connect,
  type OperationOutcome,
  TimeoutError,
  type UringFile,
} from '@uring-actor/client'
import { Random } from '../random/random.ts'

export interface RaceOrders {
  seed: number
  thread: number
  lanes: number
  /** Operations of each lane. */
  operations: number
  path: string
  pipe: string
}

/** How often each came out, over all operations of the thread. */
export type RaceCounts = Record<'inTime' | OperationOutcome['state'], number>

const BLOCK = 4096
const BLOCKS = 4
/** What a buffer is filled with that is the caller's again. */
const MINE = 0xd7
/** Every promise is settled by then; a machine may be slow. */
const MILLIS_MAX = 60_000

/** Runs a call that may be given up; `tell` hears what became of it, once. */
type Call = (options: CallOptions) => Promise<unknown>

class Lane {
  readonly counts: RaceCounts = { inTime: 0, 'not-started': 0, cancelled: 0, finished: 0 }
  readonly #client: Client
  readonly #file: UringFile
  readonly #pipe: UringFile
  readonly #random: Random
  readonly #first: number
  /** What each block may hold: one version, or several after a write that was cancelled. */
  readonly #versions: number[][] = Array.from({ length: BLOCKS }, () => [0])
  #version: number

  constructor(client: Client, file: UringFile, pipe: UringFile, orders: RaceOrders, lane: number) {
    this.#client = client
    this.#file = file
    this.#pipe = pipe
    this.#random = new Random(orders.seed, orders.thread * 1000 + lane)
    this.#first = (orders.thread * orders.lanes + lane) * BLOCKS
    this.#version = (lane + 1) << 16
  }

  /** One operation, from its call to its outcome. */
  async step(): Promise<void> {
    const block = this.#random.below(BLOCKS)
    const kind = this.#random.below(100)
    if (kind < 25) await this.#read(block, kind < 10)
    else if (kind < 55) await this.#write(block, kind < 30, kind >= 45)
    else if (kind < 65) await this.#chain(block)
    else if (kind < 70) await this.#readMany()
    else if (kind < 76)
      await this.#tryOut((options) => this.#pipe.read(Buffer.alloc(8), options), 1000)
    else if (kind < 84) await this.#open()
    else await this.#tryOut(this.#harmless(kind), 700)
  }

  #harmless(kind: number): Call {
    if (kind < 88) return (options) => this.#file.datasync(options)
    if (kind < 92) return (options) => this.#file.stat(options)
    if (kind < 94) return (options) => this.#client.nop({ ...options, drain: true })
    if (kind < 95) return (options) => this.#client.flush(options)
    return (options) => this.#client.nop(options)
  }

  /** Gives so many of a thousand up; tells what became of the call. */
  async #tryOut(call: Call, perThousand: number = 600): Promise<OperationOutcome> {
    const controller = new AbortController()
    const options: CallOptions = {}
    const random = this.#random
    const when = random.below(6)
    const gives = random.chance(perThousand)
    if (gives && when === 5) options.timeout = random.below(4)
    else if (gives || random.chance(300)) options.signal = controller.signal
    const promise = call(options)
    if (gives && when < 5) void this.#moment(when).then(() => controller.abort())
    let settled = 0
    const outcome = await inTime(
      promise.then(
        (result): OperationOutcome => {
          settled++
          this.counts.inTime++
          return { state: 'finished', result }
        },
        async (error): Promise<OperationOutcome> => {
          settled++
          if (!(error instanceof AbortError || error instanceof TimeoutError)) throw error
          const known = await error.outcome
          this.counts[known.state]++
          return known
        },
      ),
    )
    assert.equal(settled, 1)
    if (outcome.state === 'finished' && outcome.error !== undefined) throw outcome.error
    return outcome
  }

  async #moment(when: number): Promise<void> {
    if (when === 1) await Promise.resolve()
    else if (when === 2) await new Promise((resolve) => setImmediate(resolve))
    else if (when > 2) await sleep(this.#random.below(3))
  }

  #content(version: number): Buffer {
    return Buffer.alloc(BLOCK, version === 0 ? '\0' : `${this.#first}/${version} `)
  }

  /** A block that was read is one of what it may be, and from now on only that. */
  #check(block: number, bytes: Uint8Array): void {
    const may = this.#versions[block]!
    const is = may.find((version) => this.#content(version).equals(bytes))
    const held = Buffer.from(bytes.subarray(0, 24)).toString()
    assert.notEqual(is, undefined, `block ${this.#first + block} holds ${held}, not ${may}`)
    this.#versions[block] = [is!]
  }

  async #read(block: number, leased: boolean): Promise<void> {
    const buffer = leased ? this.#client.alloc(BLOCK) : Buffer.alloc(BLOCK, MINE)
    const position = (this.#first + block) * BLOCK
    const outcome = await this.#tryOut((options) => {
      const call = this.#file.read(buffer, 0, BLOCK, position, options)
      // It is ours again at once: what comes after is somebody's mistake.
      call.catch(() => leased || buffer.fill(MINE))
      return call
    })
    if (outcome.state === 'finished') {
      const { bytesRead, buffer: read } = outcome.result as { bytesRead: number; buffer: Buffer }
      assert.equal(bytesRead, BLOCK)
      this.#check(block, read)
      if (!leased && read !== buffer) assert.ok(buffer.every((byte) => byte === MINE))
    } else if (!leased) {
      assert.ok(
        buffer.every((byte) => byte === MINE),
        'it was written to after it was given back',
      )
    }
    if (leased) (buffer as ReturnType<Client['alloc']>).release()
  }

  async #write(block: number, leased: boolean, durable: boolean): Promise<void> {
    const version = ++this.#version
    const position = (this.#first + block) * BLOCK
    const lease = leased ? this.#client.alloc(BLOCK) : null
    const bytes = lease ?? Buffer.alloc(BLOCK)
    bytes.set(this.#content(version))
    const outcome = await this.#tryOut((options) => {
      const call = durable
        ? this.#file.writeDurable(bytes, 0, BLOCK, position, options)
        : this.#file.write(bytes, 0, BLOCK, position, options)
      call.catch(() => leased || bytes.fill(MINE))
      return call
    })
    lease?.release()
    if (outcome.state === 'finished') this.#versions[block] = [version]
    if (outcome.state === 'cancelled') this.#versions[block]!.push(version)
  }

  async #chain(block: number): Promise<void> {
    const version = ++this.#version
    const position = (this.#first + block) * BLOCK
    const bytes = this.#content(version)
    const read = Buffer.alloc(BLOCK)
    const outcome = await this.#tryOut((options) =>
      this.#client.chain(
        (chain) =>
          chain
            .write(this.#file, bytes, 0, BLOCK, position)
            .nop()
            .read(this.#file, read, 0, BLOCK, position),
        options,
      ),
    )
    if (outcome.state === 'finished') {
      this.#versions[block] = [version]
      const [, , { buffer }] = outcome.result as [unknown, unknown, { buffer: Buffer }]
      this.#check(block, buffer)
    } else if (outcome.state === 'cancelled') {
      if (outcome.results!.length > 0) this.#versions[block] = [version]
      else this.#versions[block]!.push(version)
    }
  }

  async #readMany(): Promise<void> {
    const positions = this.#versions.map((_, block) => (this.#first + block) * BLOCK)
    const outcome = await this.#tryOut((options) => this.#file.readMany(positions, BLOCK, options))
    if (outcome.state !== 'finished') return
    for (const [block, view] of (outcome.result as Uint8Array[]).entries()) this.#check(block, view)
  }

  async #open(): Promise<void> {
    const outcome = await this.#tryOut((options) =>
      this.#client.open(this.#file.path, 'r', null, options),
    )
    // One that was given up is closed already; closing twice is no error.
    if (outcome.state === 'finished') await (outcome.result as UringFile).close()
  }

  /** What is in the file in the end, without any bounds. */
  async verify(): Promise<void> {
    for (let block = 0; block < BLOCKS; block++) {
      const { buffer } = await this.#file.read(
        Buffer.alloc(BLOCK),
        0,
        BLOCK,
        (this.#first + block) * BLOCK,
      )
      this.#check(block, buffer)
    }
  }
}

function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a promise was not settled')), MILLIS_MAX)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export async function race(orders: RaceOrders): Promise<RaceCounts> {
  const client = connect()
  const file = await client.open(orders.path, 'r+')
  const pipe = await client.open(orders.pipe)
  const lanes = Array.from(
    { length: orders.lanes },
    (_, lane) => new Lane(client, file, pipe, orders, lane),
  )
  await Promise.all(
    lanes.map(async (lane) => {
      for (let done = 0; done < orders.operations; done++) await lane.step()
      await lane.verify()
    }),
  )
  await client.flush()
  assert.equal((await client.stats()).inFlight, 0)
  assert.equal(client.leases, 0)
  // All of the arena is free again: both of its largest blocks can be had.
  const half = client.alloc(2 ** 19)
  client.alloc(2 ** 19).release()
  half.release()
  await Promise.all([file.close(), pipe.close()])
  await client.close()
  const counts: RaceCounts = { inTime: 0, 'not-started': 0, cancelled: 0, finished: 0 }
  for (const lane of lanes) {
    for (const state of Object.keys(counts) as Array<keyof RaceCounts>)
      counts[state] += lane.counts[state]
  }
  return counts
}
