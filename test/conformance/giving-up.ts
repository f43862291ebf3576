// What cases of abort and time-out share: every operation, and a read that lasts as long as is wanted.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AbortError,
  type CallOptions,
  type Client,
  type Lease,
  type OperationOutcome,
  TimeoutError,
  type UringFile,
} from '@uring-actor/client'
import type { Context } from './context.ts'

/** Each asynchronous operation that takes options, called with them. */
export interface Call {
  readonly name: string
  run(options: CallOptions): Promise<unknown>
}

const BLOCK = 4096

/** The operations of a file of some blocks, opened 'r+' with `{ blockSize: 4096 }`, and of its client. */
export function callsOf(client: Client, file: UringFile): Call[] {
  const buffer = Buffer.alloc(BLOCK)
  const calls: Record<string, (options: CallOptions) => Promise<unknown>> = {
    open: async (options) => (await client.open(file.path, 'r', null, options)).close(),
    nop: (options) => client.nop(options),
    flush: (options) => client.flush(options),
    chain: (options) => client.chain((chain) => chain.nop().datasync(file).nop(), options),
    'read with five arguments': (options) => file.read(buffer, 0, BLOCK, 0, options),
    'read with options': (options) => file.read(buffer, { position: 0, ...options }),
    'read without a buffer': (options) => file.read({ position: 0, ...options }),
    'read of nothing': (options) => file.read(buffer, { length: 0, ...options }),
    'write with five arguments': (options) => file.write(buffer, 0, BLOCK, 0, options),
    'write with options': (options) => file.write(buffer, { position: 0, ...options }),
    'write of a text': (options) => file.write('text', 0, 'utf8', options),
    writeDurable: (options) => file.writeDurable(buffer, 0, BLOCK, 0, options),
    readv: (options) => file.readv([buffer, Buffer.alloc(BLOCK)], 0, options),
    writev: (options) => file.writev([buffer, Buffer.alloc(BLOCK)], 0, options),
    readMany: (options) => file.readMany([0, BLOCK], BLOCK, options),
    readFile: (options) => file.readFile(options),
    writeFile: (options) => file.writeFile('text', options),
    appendFile: (options) => file.appendFile('text', options),
    trim: (options) => file.trim(0, BLOCK, options),
    sync: (options) => file.sync(options),
    datasync: (options) => file.datasync(options),
    syncRange: (options) => file.syncRange(0, BLOCK, options),
    allocate: (options) => file.allocate(0, BLOCK, options),
    truncate: (options) => file.truncate(8 * BLOCK, options),
    stat: (options) => file.stat(options),
    chmod: (options) => file.chmod(0o644, options),
    chown: (options) => file.chown(-1, -1, options),
    utimes: (options) => file.utimes(1, 2, options),
    readBlock: (options) => file.readBlock(1, options),
    writeBlock: (options) => file.writeBlock(1, buffer, options),
    trimBlock: (options) => file.trimBlock(1, options),
  }
  return Object.entries(calls).map(([name, run]) => ({ name, run }))
}

/** Takes all memory of a client's arena. */
export function fillArena(client: Client): Lease[] {
  const leases: Lease[] = []
  for (let length = 2 ** 30; length >= BLOCK; ) {
    try {
      leases.push(client.alloc(length))
    } catch {
      length /= 2
    }
  }
  return leases
}

/** The error of a call that was given up, once it has the shape that it must have. */
export async function givenUp(call: Promise<unknown>): Promise<AbortError | TimeoutError> {
  const error = await call.then(
    () => assert.fail('it was not given up'),
    (failure) => failure,
  )
  if (!(error instanceof AbortError || error instanceof TimeoutError)) throw error
  assert.ok(error.outcome instanceof Promise)
  return error
}

/** What became of a call that was given up. */
export async function outcomeOf(call: Promise<unknown>): Promise<OperationOutcome> {
  return (await givenUp(call)).outcome
}

/** Resolves when the actor has begun what this client has posted: so many operations. */
export async function begun(client: Client, operations: number = 1): Promise<void> {
  while ((await client.stats()).inFlight < operations) await sleep(1)
}

/** A pipe that is empty: reads of it last until it is fed, or they are cancelled. */
export class EmptyPipe {
  readonly path: string
  readonly #fd: number

  constructor(context: Context) {
    this.path = context.path('pipe')
    execFileSync('mkfifo', [this.path])
    // Both ends are open here, so nobody who opens it waits for the other end.
    this.#fd = fs.openSync(this.path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  }

  /** Lets reads complete that could not be cancelled. */
  feed(text: string): void {
    fs.writeSync(this.#fd, text)
  }

  close(): void {
    fs.closeSync(this.#fd)
  }
}
