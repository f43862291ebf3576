import { MessagePort } from 'node:worker_threads'
import {
  type ActorLimits,
  CHANNEL_CAPACITY_BYTE,
  CHANNEL_DETACHED,
  CHANNEL_MAGIC,
  CHANNEL_MAGIC_BYTE,
  CHANNEL_POISONED,
  CHANNEL_REFUSED,
  CHANNEL_VERSION_BYTE,
  CONNECT_KIND,
  type ConnectMessage,
  channelBytes,
  DETACH_UNUSED,
  HEADER_CLIENTS,
  HEADER_LIFE,
  hasFixedLength,
  LIFE_CLOSING,
  LIFE_OPEN,
  PROTOCOL_VERSION,
  settleAttaching,
  TRACE_BYTES,
  wordsOf,
} from '@uring-actor/client/protocol'
import type { Engine } from '../engine/engine.ts'
import type { FileCalls } from '../files/file-calls.ts'
import type { FileTable } from '../files/file-table.ts'
import type { Dispatcher } from '../operations/dispatcher.ts'
import { ROW_RW_FLAGS, ROW_WORDS } from '../operations/operation-table.ts'
import { Channel } from './channel.ts'
import { Departed } from './departed.ts'

/** Looks at the header's number of clients that have to find the same fault before it is mended. */
const LOOKS = 4

/** What the table of clients needs of the rest of the actor; set once all of it is made. */
export interface ClientParts {
  readonly engine: Engine
  readonly dispatcher: Dispatcher
  readonly files: FileTable
  readonly metadata: FileCalls
  /** Gives memory that nobody uses back to the system. */
  readonly dropPages: (memory: Uint8Array) => void
  /** Looks at a channel that was attached, whatever its dirty bit says. */
  readonly attached: (channel: Channel) => void
  readonly wake: () => void
}

/** All connected clients: attaching, detaching, and cleaning up after those that died. */
export class Clients {
  readonly channels: Array<Channel | null>
  /** Refuses new clients while the actor closes. */
  closing = false
  /** What clients that have left had done. */
  readonly departed: Departed = new Departed()
  #connected = 0
  /** By how much the header's number of clients was too high: least and most until each last look. */
  readonly #least: number[] = new Array(LOOKS).fill(Number.POSITIVE_INFINITY)
  readonly #most: number[] = new Array(LOOKS).fill(Number.NEGATIVE_INFINITY)
  #looks = 0
  #limits: ActorLimits
  #header: Int32Array
  #parts: ClientParts | null = null
  #expose: (port: MessagePort, channel: Channel) => void

  constructor(
    limits: ActorLimits,
    header: Int32Array,
    expose: (port: MessagePort, channel: Channel) => void,
  ) {
    this.#limits = limits
    this.#header = header
    this.channels = new Array(limits.maxClients).fill(null)
    this.#expose = expose
  }

  setParts(parts: ClientParts): void {
    this.#parts = parts
  }

  get count(): number {
    return this.channels.filter((channel) => channel !== null).length
  }

  /** A `workerMessage`; anything but a well-formed connect is not for us. */
  onMessage = (value: unknown): void => {
    if (!isConnect(value)) return
    const { channel, arena, trace, port } = value
    const slot = this.channels.indexOf(null)
    const wellFormed = this.#wellFormed(channel, arena, trace)
    if (this.closing || slot < 0 || !wellFormed) {
      // A place that the client has given back itself is not given back again.
      const refused = !wellFormed || settleAttaching(wordsOf(channel), CHANNEL_REFUSED)
      if (refused) Atomics.sub(this.#header, HEADER_CLIENTS, 1)
      port.close()
      return
    }
    const parts = this.#parts as ClientParts
    const capacity = this.#limits.channelDepth
    const attached = new Channel(slot, capacity, value, this.#connected + 1)
    if (!attached.attach()) {
      port.close()
      return
    }
    this.#connected++
    this.channels[slot] = attached
    this.#lookAtCount()
    parts.engine.attachArena(slot, arena)
    port.on('close', () => this.#portClosed(attached))
    this.#expose(port, attached)
    port.unref()
    // The client may have posted before it had a dirty bit to set.
    parts.attached(attached)
    parts.wake()
  }

  #wellFormed(
    channel: SharedArrayBuffer,
    arena: SharedArrayBuffer,
    trace: SharedArrayBuffer,
  ): boolean {
    const { channelDepth, arenaBytes } = this.#limits
    // None may grow later: what was checked here is what views are made of.
    if (!hasFixedLength(channel, channelBytes(channelDepth))) return false
    // An arena that could not grow would not be page-aligned.
    if (!arena.growable || !hasFixedLength(arena, arenaBytes)) return false
    if (!hasFixedLength(trace, TRACE_BYTES)) return false
    const words = wordsOf(channel)
    return (
      words[CHANNEL_MAGIC_BYTE >> 2] === CHANNEL_MAGIC &&
      words[CHANNEL_VERSION_BYTE >> 2] === PROTOCOL_VERSION &&
      words[CHANNEL_CAPACITY_BYTE >> 2] === channelDepth
    )
  }

  /**
   * Puts the header's words right that are the actor's to know: a client may have scribbled there.
   * A count that is too high may be of clients that are just connecting. But what it is too high by
   * at any time, whoever arrives and leaves, is of those that died before their message was on its
   * way: their places are free.
   */
  restoreHeader(): void {
    const header = this.#header
    this.#lookAtCount()
    if (++this.#looks >= LOOKS) this.#mendCount()
    const next = this.#looks % LOOKS
    this.#least[next] = Number.POSITIVE_INFINITY
    this.#most[next] = Number.NEGATIVE_INFINITY
    Atomics.store(header, HEADER_LIFE, this.closing ? LIFE_CLOSING : LIFE_OPEN)
  }

  #mendCount(): void {
    const wrong = Math.max(0, Math.min(...this.#least)) + Math.min(0, Math.max(...this.#most))
    if (wrong === 0) return
    Atomics.sub(this.#header, HEADER_CLIENTS, wrong)
    for (let look = 0; look < LOOKS; look++) {
      this.#least[look]! -= wrong
      this.#most[look]! -= wrong
    }
  }

  #lookAtCount(): void {
    const surplus = Atomics.load(this.#header, HEADER_CLIENTS) - this.count
    const look = this.#looks % LOOKS
    this.#least[look] = Math.min(this.#least[look]!, surplus)
    this.#most[look] = Math.max(this.#most[look]!, surplus)
  }

  /**
   * The client asked to leave: everything before has completed, its files are closed now. An arena
   * that it does not use any more goes back to the system: until both threads' collectors have
   * found it, which takes long because it hardly weighs anything to them, its pages would stay.
   */
  detach(channel: Channel, row: number): void {
    const { dispatcher, dropPages } = this.#parts as ClientParts
    const unused = (dispatcher.table.words[row * ROW_WORDS + ROW_RW_FLAGS] & DETACH_UNUSED) !== 0
    channel.dead = true
    channel.ending = true
    this.#closeFiles(channel, () => {
      dispatcher.finish(row, 0, 0, 0)
      this.#release(channel, CHANNEL_DETACHED)
      if (!unused) return
      dropPages(channel.arena)
      dropPages(new Uint8Array(channel.traceMemory, 0, TRACE_BYTES))
    })
  }

  /** The client broke the protocol: it is shut out, and nobody else is touched. */
  poison(channel: Channel): void {
    if (channel.dead) return
    channel.setState(CHANNEL_POISONED)
    this.#end(channel)
  }

  /** The client's thread is gone, or it closed its port without a word. */
  #portClosed(channel: Channel): void {
    if (channel.dead) return
    this.#end(channel)
    ;(this.#parts as ClientParts).wake()
  }

  /** Stops taking, cancels what is in flight; the rest follows when that has completed. */
  #end(channel: Channel): void {
    channel.dead = true
    const { dispatcher } = this.#parts as ClientParts
    if (channel.inFlight > 0) dispatcher.cancelAll(channel)
    if (channel.inFlight === 0) this.drained(channel)
  }

  /** Nothing is in flight for a dead client any more: the kernel touches none of its memory. */
  drained(channel: Channel): void {
    if (channel.ending) return
    channel.ending = true
    this.#closeFiles(channel, () => this.#release(channel, null))
  }

  #closeFiles(channel: Channel, done: () => void): void {
    const { files, metadata, wake } = this.#parts as ClientParts
    const open = files.ofChannel(channel.slot)
    let left = open.length + 1
    const closed = (): void => {
      left--
      if (left > 0) return
      done()
      wake()
    }
    metadata.pending += 1
    for (const file of open) metadata.closeFile(file, closed)
    // Also without files this ends in a later turn: the caller may be in the middle of something.
    setImmediate(() => {
      metadata.pending -= 1
      closed()
    })
  }

  #release(channel: Channel, state: number | null): void {
    const { engine } = this.#parts as ClientParts
    engine.detachArena(channel.slot)
    this.departed.add(channel)
    this.channels[channel.slot] = null
    Atomics.sub(this.#header, HEADER_CLIENTS, 1)
    this.#lookAtCount()
    // A client that hears of its end finds its place free; its port closes when it has heard.
    if (state !== null) {
      channel.setState(state)
      channel.publish()
    }
    channel.port.close()
  }
}

function isConnect(value: unknown): value is ConnectMessage {
  if (typeof value !== 'object' || value === null) return false
  const { kind, channel, arena, trace, port, owner, threadId } = value as Partial<ConnectMessage>
  return (
    kind === CONNECT_KIND &&
    channel instanceof SharedArrayBuffer &&
    arena instanceof SharedArrayBuffer &&
    trace instanceof SharedArrayBuffer &&
    port instanceof MessagePort &&
    Number.isSafeInteger(owner) &&
    Number.isInteger(threadId)
  )
}
