// A client made by hand from the protocol alone, without our client library: it can break every rule.
import { once } from 'node:events'
import * as threads from 'node:worker_threads'
import {
  type ActorAddress,
  CHANNEL_ATTACHED,
  CHANNEL_CAPACITY_BYTE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_MAGIC,
  CHANNEL_MAGIC_BYTE,
  CHANNEL_REQUEST_TAIL,
  CHANNEL_SLOT,
  CHANNEL_STATE,
  CHANNEL_VERSION_BYTE,
  COMPLETION_EXTRA,
  COMPLETION_RES,
  COMPLETION_USER_LOW,
  COMPLETION_WORDS,
  CONNECT_KIND,
  channelBytes,
  completionsWord,
  HEADER_CLIENTS,
  HEADER_DIRTY,
  HEADER_STATE,
  PROTOCOL_VERSION,
  REQUEST_ADDR_HIGH,
  REQUEST_ADDR_LOW,
  REQUEST_FD,
  REQUEST_FD_GENERATION,
  REQUEST_FLAGS_SHIFT,
  REQUEST_LEN,
  REQUEST_OFF_HIGH,
  REQUEST_OFF_LOW,
  REQUEST_OPERATION,
  REQUEST_RW_FLAGS,
  REQUEST_USER_LOW,
  REQUEST_WORDS,
  REQUESTS_WORD,
  STATE_RUNNING,
  TRACE_BYTES,
} from '@uring-actor/client/protocol'
import { eventually } from '../support/process-state.ts'

type PostMessageToThread = (
  threadId: number,
  value: unknown,
  transfer: readonly unknown[],
) => Promise<void>

const post = (threads as unknown as { postMessageToThread: PostMessageToThread })
  .postMessageToThread

/** Sends a value to a thread; resolves when it was received. Node itself keeps no loop alive for it. */
export async function postTo(
  threadId: number,
  value: unknown,
  transfer: readonly unknown[] = [],
): Promise<void> {
  const alive = setInterval(() => {}, 1000)
  await post(threadId, value, transfer).finally(() => clearInterval(alive))
}

export interface RawRequest {
  operation: number
  flags?: number
  fd?: number
  generation?: number
  offLow?: number
  offHigh?: number
  addrLow?: number
  addrHigh?: number
  len?: number
  rwFlags?: number
}

export interface RawCompletion {
  user: number
  res: number
  extra: number
}

export class RawClient {
  readonly channel: SharedArrayBuffer
  readonly arena: SharedArrayBuffer
  readonly trace: SharedArrayBuffer = new SharedArrayBuffer(TRACE_BYTES)
  readonly words: Int32Array
  readonly bytes: Uint8Array
  readonly header: Int32Array
  readonly port: threads.MessagePort
  readonly capacity: number
  readonly #closed: Promise<unknown>
  #theirPort: threads.MessagePort
  #address: ActorAddress
  #tail = 0
  #head = 0

  constructor(address: ActorAddress) {
    const { channelDepth, arenaBytes } = address.limits
    this.#address = address
    this.capacity = channelDepth
    this.channel = new SharedArrayBuffer(channelBytes(channelDepth))
    this.arena = new SharedArrayBuffer(arenaBytes, { maxByteLength: arenaBytes })
    this.words = new Int32Array(this.channel)
    this.bytes = new Uint8Array(this.arena, 0, arenaBytes)
    this.header = new Int32Array(address.header)
    this.words[CHANNEL_MAGIC_BYTE >> 2] = CHANNEL_MAGIC
    this.words[CHANNEL_VERSION_BYTE >> 2] = PROTOCOL_VERSION
    this.words[CHANNEL_CAPACITY_BYTE >> 2] = channelDepth
    const { port1, port2 } = new threads.MessageChannel()
    this.port = port1
    this.#theirPort = port2
    this.#closed = once(port1, 'close')
    port1.unref()
  }

  /** Sends the connect message, with whatever is put in place of its fields. */
  async send(changed: Record<string, unknown> = {}, transfer: unknown[] = []): Promise<void> {
    const { channel, arena, trace } = this
    const message = {
      kind: CONNECT_KIND,
      channel,
      arena,
      trace,
      port: this.#theirPort,
      owner: 1,
      threadId: threads.threadId,
      ...changed,
    }
    const port = message.port === this.#theirPort ? [this.#theirPort] : []
    await postTo(this.#address.threadId, message, [...port, ...transfer])
  }

  /** Connects as an honest client does; resolves when the actor has attached it. */
  async connect(): Promise<this> {
    Atomics.add(this.header, HEADER_CLIENTS, 1)
    await this.send()
    if (!(await eventually(() => this.state !== 0))) throw new Error('the actor did not answer')
    if (this.state !== CHANNEL_ATTACHED) throw new Error(`the channel's state is ${this.state}`)
    return this
  }

  get state(): number {
    return Atomics.load(this.words, CHANNEL_STATE)
  }

  /** Writes a request behind those written before. Its user_data is the number that is returned. */
  write(request: RawRequest): number {
    const { words } = this
    const at = REQUESTS_WORD + (this.#tail & (this.capacity - 1)) * REQUEST_WORDS
    words[at + REQUEST_OPERATION] =
      request.operation | ((request.flags ?? 0) << REQUEST_FLAGS_SHIFT)
    words[at + REQUEST_FD] = request.fd ?? 0
    words[at + REQUEST_FD_GENERATION] = request.generation ?? 0
    words[at + REQUEST_OFF_LOW] = request.offLow ?? 0
    words[at + REQUEST_OFF_HIGH] = request.offHigh ?? 0
    words[at + REQUEST_ADDR_LOW] = request.addrLow ?? 0
    words[at + REQUEST_ADDR_HIGH] = request.addrHigh ?? 0
    words[at + REQUEST_LEN] = request.len ?? 0
    words[at + REQUEST_RW_FLAGS] = request.rwFlags ?? 0
    words[at + REQUEST_USER_LOW] = this.#tail
    this.#tail = (this.#tail + 1) | 0
    return (this.#tail - 1) | 0
  }

  /** Publishes what was written and rings, whatever the state word says. */
  publish(): void {
    Atomics.store(this.words, CHANNEL_REQUEST_TAIL, this.#tail)
    this.ring()
  }

  ring(): void {
    const slot = Atomics.load(this.words, CHANNEL_SLOT) - 1
    if (slot < 0) return
    Atomics.or(this.header, HEADER_DIRTY + (slot >> 5), 1 << (slot & 31))
    Atomics.exchange(this.header, HEADER_STATE, STATE_RUNNING)
    Atomics.notify(this.header, HEADER_STATE)
  }

  /** The completions that came since the last look. */
  take(): RawCompletion[] {
    const { words } = this
    const tail = Atomics.load(words, CHANNEL_COMPLETION_TAIL)
    const taken: RawCompletion[] = []
    for (; this.#head !== tail; this.#head = (this.#head + 1) | 0) {
      const slot = this.#head & (this.capacity - 1)
      const at = completionsWord(this.capacity) + slot * COMPLETION_WORDS
      taken.push({
        user: words[at + COMPLETION_USER_LOW]!,
        res: words[at + COMPLETION_RES]!,
        extra: words[at + COMPLETION_EXTRA]!,
      })
    }
    Atomics.store(words, CHANNEL_COMPLETION_HEAD, this.#head)
    return taken
  }

  /** Posts one request and waits for its completion; others' that come meanwhile are dropped. */
  async call(request: RawRequest): Promise<RawCompletion> {
    const user = this.write(request)
    this.publish()
    let found: RawCompletion | undefined
    const came = await eventually(() => {
      found ??= this.take().find((completion) => completion.user === user)
      return found !== undefined
    })
    if (!came) throw new Error(`request ${user} has not completed; state ${this.state}`)
    return found as RawCompletion
  }

  /** Puts the path at the arena's begin, for an open. */
  setPath(path: string, at: number = 0): number {
    const bytes = Buffer.from(path)
    this.bytes.set(bytes, at)
    return bytes.length
  }

  /** Goes as a dying thread does: without a word. */
  async leave(): Promise<void> {
    this.port.ref()
    this.port.close()
    await this.#closed
  }
}
