import assert from 'node:assert/strict'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import {
  type ActorLimits,
  ARENA_BYTES_MIN,
  CHANNEL_CAPACITY_BYTE,
  CHANNEL_MAGIC,
  CHANNEL_MAGIC_BYTE,
  CHANNEL_VERSION_BYTE,
  CONNECT_KIND,
  channelBytes,
  FILE_KIND_BLOCK_DEVICE,
  FILE_KIND_OTHER,
  FILE_KIND_REGULAR,
  HEADER_BYTES,
  PROTOCOL_VERSION,
  TRACE_BYTES,
} from '@uring-actor/client/protocol'
import type { Channel } from '#dist/channels/channel.js'
import { Clients } from '#dist/channels/clients.js'
import { Intake } from '#dist/channels/intake.js'
import { BROKEN, Taking } from '#dist/channels/taking.js'
import { FileTable } from '#dist/files/file-table.js'
import { ActorLoop } from '#dist/loop/actor-loop.js'
import { Dispatcher } from '#dist/operations/dispatcher.js'
import { ROW_CHANNEL, ROW_FILE, ROW_WORDS } from '#dist/operations/operation-table.js'
import { FakeCalls, FakeEngine, openFile } from './fake-engine.ts'
import type { Random } from './random.ts'

export const CAPACITY = 32
export const ARENA_BYTES: number = 4 * ARENA_BYTES_MIN
const QUANTUM = 16
const MAX_CLIENTS = 6
/** So many turns are remembered. */
const SERVED_MAX = 1000

/** One client's memory; it may be connected again after it was shut out. */
export interface Member {
  readonly channel: SharedArrayBuffer
  readonly arena: SharedArrayBuffer
  readonly trace: SharedArrayBuffer
  readonly words: Int32Array
  port: MessagePort | null
}

class CountingIntake extends Intake {
  copies = 0
  /** The slots of the channels that were served, in order. */
  readonly served: number[] = []
  override copy(channel: Channel, at: number, now: number): number {
    this.copies++
    if (this.served.length < SERVED_MAX) this.served.push(channel.slot)
    return super.copy(channel, at, now)
  }
}

/** The actor's parts between shared memory and engine, real ones, driven turn by turn. */
export class World {
  readonly engine: FakeEngine
  readonly header: Int32Array = new Int32Array(new SharedArrayBuffer(HEADER_BYTES))
  readonly files: FileTable = new FileTable(1, 64)
  readonly clients: Clients
  readonly dispatcher: Dispatcher
  readonly chainLength: number
  poisoned = 0
  #calls: FakeCalls
  #intake: CountingIntake
  #taking: Taking
  #limits: ActorLimits

  constructor(random: Random) {
    this.engine = new FakeEngine(64, this.files, random)
    this.chainLength = this.engine.chainLength
    this.#limits = {
      queueDepth: 32,
      maxClients: MAX_CLIENTS,
      channelDepth: CAPACITY,
      arenaBytes: ARENA_BYTES,
      chainLength: this.chainLength,
      spinMicros: 0,
      earlyRequests: 0,
    }
    this.clients = new Clients(this.#limits, this.header, () => {})
    const { channels } = this.clients
    this.engine.setChannels(channels)
    this.#calls = new FakeCalls(this.engine, this.files, random, {
      settled: (row, res, extra) => this.dispatcher.settled(row, res, extra),
      transferred: (row, res) => this.dispatcher.completed(row, res),
      wake: () => {},
    })
    const { engine, files } = this
    this.dispatcher = new Dispatcher(engine, engine.table, files, this.#calls, channels, {
      detach: (channel, row) => this.clients.detach(channel, row),
      drained: (channel) => this.clients.drained(channel),
    })
    this.#intake = new CountingIntake(engine.table, files)
    this.#taking = new Taking(this.#intake, this.dispatcher, this.chainLength, channels)
    this.clients.setParts({
      engine,
      dispatcher: this.dispatcher,
      files,
      metadata: this.#calls,
      dropPages: () => {},
      attached: () => {},
      wake: () => {},
    })
  }

  /** The actor's own loop over these parts, instead of `cycle`. */
  makeLoop(): ActorLoop {
    const { engine, dispatcher, clients } = this
    const parts = { engine, dispatcher, taking: this.#taking, metadata: this.#calls, clients }
    return new ActorLoop({ ...parts, header: this.header }, 0, (channel) => clients.poison(channel))
  }

  get served(): readonly number[] {
    return this.#intake.served
  }

  newMember(): Member {
    const channel = new SharedArrayBuffer(channelBytes(CAPACITY))
    const arena = new SharedArrayBuffer(ARENA_BYTES, { maxByteLength: ARENA_BYTES })
    const trace = new SharedArrayBuffer(TRACE_BYTES)
    return { channel, arena, trace, words: new Int32Array(channel), port: null }
  }

  /** Connects a member, with files of every kind open; returns its slot. */
  connect(member: Member): number {
    const { channel, arena, trace, words } = member
    const slot = this.clients.channels.indexOf(null)
    words.fill(0)
    words[CHANNEL_MAGIC_BYTE >> 2] = CHANNEL_MAGIC
    words[CHANNEL_VERSION_BYTE >> 2] = PROTOCOL_VERSION
    words[CHANNEL_CAPACITY_BYTE >> 2] = CAPACITY
    const { port1, port2 } = new MessageChannel()
    port1.unref()
    member.port = port1
    const message = {
      kind: CONNECT_KIND,
      channel,
      arena,
      trace,
      port: port2,
      owner: 1,
      threadId: 1,
    }
    this.clients.onMessage(message)
    assert.ok(this.clients.channels[slot], 'it was taken')
    for (const [access, kind] of [
      [2, FILE_KIND_REGULAR],
      [0, FILE_KIND_REGULAR],
      [1, FILE_KIND_REGULAR],
      [2, FILE_KIND_BLOCK_DEVICE],
      [2, FILE_KIND_OTHER],
    ] as const) {
      const file = this.files.claim()
      if (file >= 0) openFile(this.files, file, slot, access, kind)
    }
    return slot
  }

  isConnected(member: Member, slot: number): boolean {
    return this.clients.channels[slot]?.words.buffer === member.channel
  }

  /** Connected, and not shut out. */
  isServed(member: Member, slot: number): boolean {
    return this.isConnected(member, slot) && this.clients.channels[slot]?.dead === false
  }

  /** One cycle of the actor, as ActorLoop has it. */
  cycle(): void {
    const { dispatcher, engine } = this
    dispatcher.resume()
    for (const channel of this.clients.channels) {
      if (channel === null || channel.dead) continue
      const before = this.#intake.copies
      const taken = this.#taking.take(channel, QUANTUM)
      const copies = this.#intake.copies - before
      assert.ok(copies <= QUANTUM + this.chainLength, `${copies} requests copied in one turn`)
      if (taken === BROKEN) {
        this.poisoned++
        this.clients.poison(channel)
      } else {
        assert.ok(taken >= 0 && taken <= QUANTUM + this.chainLength, `${taken} taken`)
      }
      if (engine.unsubmitted >= 8) engine.submit(dispatcher)
    }
    dispatcher.syncs.begin()
    engine.submit(dispatcher)
    this.#calls.settle()
    for (
      let channel = dispatcher.unpublished.pop();
      channel;
      channel = dispatcher.unpublished.pop()
    )
      channel.publish()
  }

  /**
   *   rows in use = Σ channels' operations in flight
   *   file.inFlight = rows that name it
   *   in flight + free <= completion queue, free rows >= 0
   */
  assertConsistent(): void {
    const { table } = this.engine
    let inFlight = 0
    for (const channel of this.clients.channels) inFlight += channel?.inFlight ?? 0
    assert.equal(table.inUse, inFlight, 'rows in use')
    assert.ok(table.freeCount >= 0 && this.engine.inFlight <= table.capacity)
    const onFile = new Map<number, number>()
    for (let row = 0; row < table.capacity; row++) {
      const owner = table.words[row * ROW_WORDS + ROW_CHANNEL]!
      if (owner < 0) continue
      assert.ok(this.clients.channels[owner], 'a row of a channel that is gone')
      const file = table.words[row * ROW_WORDS + ROW_FILE]!
      if (file >= 0) onFile.set(file, (onFile.get(file) ?? 0) + 1)
    }
    for (let slot = 1; slot < 64; slot++) {
      const file = this.files.at(slot)
      if (file !== null) assert.equal(file.inFlight, onFile.get(slot) ?? 0, `file ${slot}`)
    }
  }
}
