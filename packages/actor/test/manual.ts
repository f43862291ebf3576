// An engine that does what a test says, and one client's channel, with the actor's parts in between: each
// moment of an operation's life can be met exactly.
import assert from 'node:assert/strict'
import { constants } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import {
  CHANNEL_CANCEL_COUNT,
  CHANNEL_REQUEST_TAIL,
  COMPLETION_CANCELLED,
  COMPLETION_EXTRA,
  COMPLETION_FLAGS,
  COMPLETION_NOT_STARTED,
  COMPLETION_RES,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
  cancelsWord,
  cancelWord,
  channelBytes,
  completionsWord,
  FILE_KIND_REGULAR,
  OPERATION_NOP,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_FLAGS_SHIFT,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OFF_LOW,
  REQUEST_OPERATION,
  REQUEST_USER_HIGH,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
  TRACE_BYTES,
} from '@uring-actor/client/protocol'
import { Channel } from '#dist/channels/channel.js'
import { Intake } from '#dist/channels/intake.js'
import { Taking } from '#dist/channels/taking.js'
import type { Engine, ResultSink } from '#dist/engine/engine.js'
import { FileTable, OpenFile } from '#dist/files/file-table.js'
import { Dispatcher } from '#dist/operations/dispatcher.js'
import { OperationTable, ROW_USER_LOW, ROW_WORDS } from '#dist/operations/operation-table.js'

const CAPACITY = 16
export const EINTR = -4
export const EIO = -5
export const ECANCELED = -125
export const IN_FLIGHT = COMPLETION_CANCELLED
export const NOT_STARTED = COMPLETION_CANCELLED | COMPLETION_NOT_STARTED

/** It begins what it is told to, and completes what the test wants. */
class ManualEngine {
  readonly table = new OperationTable(CAPACITY)
  room = 8
  unsubmitted = 0
  leftOver = 0
  /** Operations begun and not completed, and those that were to be cancelled, by their user data. */
  begun: number[] = []
  cancelled: number[] = []
  #sink: ResultSink | null = null

  setSink(sink: ResultSink): void {
    this.#sink = sink
  }

  begin(row: number): void {
    this.room--
    this.begun.push(this.#userOf(row))
  }

  beginSync(row: number): void {
    this.begin(row)
  }

  cancel(row: number): void {
    this.cancelled.push(this.#userOf(row))
  }

  complete(user: number, res: number): void {
    this.begun = this.begun.filter((each) => each !== user)
    const { words, capacity } = this.table
    const rows = Array.from({ length: capacity }, (_, row) => row)
    this.#sink?.completed(rows.find((row) => words[row * ROW_WORDS + ROW_USER_LOW] === user)!, res)
  }

  supports(): boolean {
    return true
  }

  submit(): number {
    return 0
  }

  #userOf(row: number): number {
    return this.table.words[row * ROW_WORDS + ROW_USER_LOW]!
  }
}

export let engine: ManualEngine
export let channel: Channel
export let dispatcher: Dispatcher
let taking: Taking
export let calls: number[]
export let posted: number

/** Everything anew; for `beforeEach`. */
export function setUp(): void {
  engine = new ManualEngine()
  const files = new FileTable(1, 4)
  const slot = files.claim()
  const flags = constants.O_RDWR
  files.put(
    new OpenFile(slot, files.generationOf(slot), 100, 0, flags, FILE_KIND_REGULAR, 512, 512),
  )
  const words = new SharedArrayBuffer(channelBytes(CAPACITY))
  const arena = new SharedArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 })
  const trace = new SharedArrayBuffer(TRACE_BYTES)
  const parts = { channel: words, arena, trace, port: {} as MessagePort, owner: 1, threadId: 1 }
  channel = new Channel(0, CAPACITY, parts, 1)
  calls = []
  posted = 0
  const metadata = {
    pending: 0,
    begin: (row: number) => calls.push(row),
    closeFile: () => assert.fail('nothing is closed here'),
  }
  const asEngine = engine as unknown as Engine
  const channels = [channel]
  dispatcher = new Dispatcher(asEngine, engine.table, files, metadata, channels, {
    detach: () => assert.fail('nobody leaves here'),
    drained: () => {},
  })
  engine.setSink(dispatcher)
  taking = new Taking(new Intake(engine.table, files), dispatcher, 8, channels)
}

/** Posts a request; its operation slot is its number. */
export function post(kind: number, { flags = 0, len = 4096, position = 0 } = {}): number {
  const user = posted
  const at = REQUESTS_WORD + user * REQUEST_WORDS
  channel.words[at + REQUEST_OPERATION] = kind | (flags << REQUEST_FLAGS_SHIFT)
  channel.words[at + REQUEST_FD] = kind === OPERATION_NOP ? 0 : 1
  channel.words[at + REQUEST_FD_GENERATION] = 1
  channel.words[at + REQUEST_OFF_LOW] = position
  channel.words[at + REQUEST_OFF_HIGH] = position < 0 ? -1 : 0
  channel.words[at + REQUEST_LEN] = len
  channel.words[at + REQUEST_USER_LOW] = user
  channel.words[at + REQUEST_USER_HIGH] = user + 100
  posted++
  Atomics.store(channel.words, CHANNEL_REQUEST_TAIL, posted)
  return user
}

/** Asks for cancellations, as a client does. */
export function ask(...users: number[]): void {
  for (const user of users) channel.words[cancelsWord(CAPACITY) + user] = cancelWord(user + 100)
  Atomics.add(channel.words, CHANNEL_CANCEL_COUNT, 1)
}

export function take(): void {
  taking.take(channel, CAPACITY)
}

/** All completions so far: what was told of which operation. */
export function completions(): Record<number, { res: number; extra: number; flags: number }> {
  const found: Record<number, { res: number; extra: number; flags: number }> = {}
  for (let index = 0; index < channel.completed; index++) {
    const at = completionsWord(CAPACITY) + index * COMPLETION_WORDS
    const user = channel.words[at + COMPLETION_USER_LOW]!
    assert.equal(found[user], undefined, `${user} has completed twice`)
    found[user] = {
      res: channel.words[at + COMPLETION_RES]!,
      extra: channel.words[at + COMPLETION_EXTRA]!,
      flags: channel.words[at + COMPLETION_FLAGS]!,
    }
  }
  return found
}
