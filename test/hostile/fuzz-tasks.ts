// The threads of fuzz.test.ts: who keeps to the rules and verifies, who works on a channel that somebody
// scribbles over, and who scribbles.
import { setTimeout as delay } from 'node:timers/promises'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type Client, connect, type UringFile } from '@uring-actor/client'
import {
  type ActorAddress,
  CHANNEL_CLIENT_STATE,
  CHANNEL_COMPLETION_HEAD,
  CHANNEL_COMPLETION_TAIL,
  CHANNEL_REQUEST_HEAD,
  CHANNEL_REQUEST_TAIL,
  CHANNEL_SLOT,
  CHANNEL_STATE,
  completionsWord,
  HEADER_DIRTY,
  HEADER_STATE,
  REQUESTS_WORD,
} from '@uring-actor/client/protocol'
import { codeOf } from '../support/outcome.ts'
import { eventually } from '../support/process-state.ts'
import { patternBytes } from '../support/temporary.ts'
import { type Captured, connectCaptured } from './captured.ts'
import { mulberry } from './random.ts'

/** Words of the memory by which the test tells its threads to stop, and they how far they are. */
export const STOP = 0
export const MUTATIONS = 1

const BLOCK = 4096
const BLOCKS = 32

export interface VictimReport {
  operations: number
  longestMillis: number
}

/** Reads, writes, and looks after its memory, until it is stopped; every byte is verified. */
export async function victim(data: {
  control: SharedArrayBuffer
  pattern: string
  scratch: string
  seed: number
}): Promise<VictimReport> {
  const control = new Int32Array(data.control)
  const random = mulberry(data.seed)
  const client = connect()
  const reading = await client.open(data.pattern, 'r')
  const writing = await client.open(data.scratch, 'w+')
  const canary = client.alloc(4 * BLOCK)
  canary.set(patternBytes(4 * BLOCK, data.seed))
  const report: VictimReport = { operations: 0, longestMillis: 0 }
  while (Atomics.load(control, STOP) === 0) {
    const began = performance.now()
    const at = (random() % BLOCKS) * BLOCK
    const { buffer } = await reading.read(Buffer.alloc(BLOCK), 0, BLOCK, at)
    if (!buffer.equals(patternBytes(BLOCK, at))) throw new Error(`wrong bytes at ${at}`)
    const written = Buffer.alloc(BLOCK, random())
    await writing.write(written, 0, BLOCK, at)
    const back = await writing.read(Buffer.alloc(BLOCK), 0, BLOCK, at)
    if (!back.buffer.equals(written)) throw new Error(`not what was written at ${at}`)
    if (!patternBytes(4 * BLOCK, data.seed).equals(canary))
      throw new Error('its memory was written')
    await client.nop()
    report.operations += 4
    report.longestMillis = Math.max(report.longestMillis, performance.now() - began)
  }
  canary.release()
  await reading.close()
  await writing.close()
  await client.close()
  return report
}

export interface MutatedReport {
  epochs: number
  /** How operations ended, by code. */
  codes: Record<string, number>
}

/** A client of our library that works on while its channel is scribbled over; then the next one. */
export async function mutated(data: {
  control: SharedArrayBuffer
  seed: number
  mutator: MessagePort
}): Promise<MutatedReport> {
  const control = new Int32Array(data.control)
  const random = mulberry(data.seed)
  const report: MutatedReport = { epochs: 0, codes: {} }
  while (Atomics.load(control, STOP) === 0) {
    const { client, channel } = await connectWhenFree()
    await client.nop()
    data.mutator.postMessage(channel)
    const ends = performance.now() + 60
    const running: Array<Promise<void>> = []
    const files: UringFile[] = []
    while (!client.closed && performance.now() < ends) {
      for (let count = random() % 8; count >= 0; count--) {
        const operation = codeOf(() => operate(client, files, random))
        running.push(
          operation.then((code) => {
            report.codes[code ?? 'none'] = (report.codes[code ?? 'none'] ?? 0) + 1
          }),
        )
      }
      await Promise.race([delay(5), Promise.allSettled(running)])
    }
    data.mutator.postMessage(null)
    await breakChannel(client, new Int32Array(channel))
    await Promise.all(running)
    const code = await codeOf(() => client.nop())
    if (code === null) throw new Error('a client whose channel is broken works on')
    report.codes[code] = (report.codes[code] ?? 0) + 1
    report.epochs++
  }
  return report
}

/**
 * Connects when there is a place: a client that was shut out keeps its own until what it has in flight
 * has completed, which a busy disk may take its time for. A place that never gets free is a leak.
 */
async function connectWhenFree(): Promise<Captured> {
  let connected: Captured | null = null
  const free = await eventually(() => {
    try {
      connected = connectCaptured()
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_URING_TOO_MANY_CLIENTS') throw error
    }
    return connected !== null
  }, 20_000)
  if (!free) throw new Error('the places of clients that were shut out do not get free')
  return connected as unknown as Captured
}

/** What no honest client does, again and again: whatever else stood in the channel, it is the end. */
async function breakChannel(client: Client, words: Int32Array): Promise<void> {
  const ended = await eventually(() => {
    Atomics.store(words, CHANNEL_REQUEST_TAIL, Atomics.load(words, CHANNEL_REQUEST_HEAD) + 2 ** 30)
    return client.closed
  }, 20_000)
  if (!ended) throw new Error('a client whose channel is broken does not end')
}

async function operate(client: Client, files: UringFile[], random: () => number): Promise<unknown> {
  const file = files[random() % (files.length + 1)]
  const at = (random() % BLOCKS) * BLOCK
  if (file === undefined || random() % 16 === 0) {
    // In the working directory: what is left of such a name is in there too.
    const opened = await client.open(`mutated-${random() % 8}`, 'a+')
    return files.push(opened)
  }
  switch (random() % 8) {
    case 0:
      return client.nop()
    case 1:
      return file.stat()
    case 2:
      return file.sync()
    case 3:
      return file.read(Buffer.alloc(3 * BLOCK), 0, 3 * BLOCK, at)
    case 4:
      return file.readMany([0, at, BLOCK], 512)
    case 5:
      return client.chain((chain) => chain.nop().datasync(file).nop())
    case 6:
      return file.write(Buffer.alloc(BLOCK), 0, BLOCK, at)
    default:
      return file.read(Buffer.alloc(BLOCK), 0, BLOCK, at)
  }
}

const CONTROL_WORDS: readonly number[] = [
  ...[CHANNEL_REQUEST_TAIL, CHANNEL_REQUEST_HEAD, CHANNEL_COMPLETION_TAIL, CHANNEL_COMPLETION_HEAD],
  ...[CHANNEL_CLIENT_STATE, CHANNEL_STATE, CHANNEL_SLOT, 0, 1, 2],
]

/** Scribbles over the channel that it was given last, and over the header, until it has written enough. */
export function mutator(data: {
  control: SharedArrayBuffer
  address: ActorAddress
  seed: number
  mutations: number
  seconds: number
  port: MessagePort
}): number {
  const control = new Int32Array(data.control)
  const header = new Int32Array(data.address.header)
  const { channelDepth, maxClients } = data.address.limits
  const random = mulberry(data.seed)
  const ends = performance.now() + data.seconds * 1000
  let words: Int32Array | null = null
  let mode = 0
  while (Atomics.load(control, MUTATIONS) < data.mutations || performance.now() < ends) {
    for (
      let message = receiveMessageOnPort(data.port);
      message;
      message = receiveMessageOnPort(data.port)
    ) {
      words = message.message === null ? null : new Int32Array(message.message as SharedArrayBuffer)
      mode = random() % 6
    }
    for (let count = random() % 256; words !== null && count > 0; count--) {
      Atomics.store(words, wordOf(mode, words.length, channelDepth, random), anyValue(random))
      Atomics.add(control, MUTATIONS, 1)
    }
    if (random() % 64 === 0) {
      const bitmap = Math.ceil(maxClients / 32)
      const word = random() % 2 ? HEADER_STATE : HEADER_DIRTY + (random() % bitmap)
      Atomics.store(header, word, anyValue(random))
      Atomics.add(control, MUTATIONS, 1)
    }
    Atomics.wait(control, STOP, 0, 0.05)
  }
  return Atomics.load(control, MUTATIONS)
}

/** Some channels are scribbled over in one place only, so that they live longer. */
function wordOf(mode: number, length: number, depth: number, random: () => number): number {
  const completions = completionsWord(depth)
  if (mode <= 1) return REQUESTS_WORD + (random() % (completions - REQUESTS_WORD))
  if (mode === 2) return completions + (random() % (length - completions))
  if (mode === 3) return CONTROL_WORDS[random() % CONTROL_WORDS.length]!
  if (mode === 4) return CHANNEL_CLIENT_STATE
  return random() % length
}

function anyValue(random: () => number): number {
  const kind = random() % 4
  if (kind === 0) return random() % 8
  if (kind === 1) return random() % 100
  if (kind === 2) return -1 - (random() % 16)
  return random() | 0
}
