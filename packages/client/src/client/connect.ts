import { randomInt } from 'node:crypto'
import * as threads from 'node:worker_threads'
import { actorClosing, actorExited, invalidType, UringError } from '../errors/index.ts'
import {
  type ActorAddress,
  ADDRESS_KEY,
  CHANNEL_CAPACITY_BYTE,
  CHANNEL_MAGIC,
  CHANNEL_MAGIC_BYTE,
  CHANNEL_VERSION_BYTE,
  CONNECT_KIND,
  type ConnectMessage,
  channelBytes,
  HEADER_BYTES,
  HEADER_CLIENTS,
  HEADER_LIFE,
  HEADER_MAGIC,
  HEADER_MAGIC_BYTE,
  HEADER_STATE,
  HEADER_THREAD_BYTE,
  LIFE_CLOSING,
  LIFE_EXITED,
  PROTOCOL_VERSION,
  sharedPages,
  wordsOf,
} from '../protocol/index.ts'
import { Transport } from '../transport/transport.ts'
import { Client } from './client.ts'

/** Not in the types of Node 20, though Node 20.19 has it. */
interface ThreadMessaging {
  postMessageToThread(threadId: number, value: unknown, transfer: readonly unknown[]): Promise<void>
}

/**
 * Connects this thread to the process's actor. Synchronous, on any thread; operations may be
 * posted at once. Without an address it is taken from the environment data, which every thread
 * has that was started after the actor.
 *
 * Throws ERR_URING_NO_ACTOR, ERR_URING_ACTOR_CLOSING, ERR_URING_ACTOR_EXITED, ERR_URING_VERSION or
 * ERR_URING_TOO_MANY_CLIENTS.
 */
export function connect(address?: ActorAddress): Client {
  const to =
    address ?? (threads.getEnvironmentData(ADDRESS_KEY) as unknown as ActorAddress | undefined)
  if (to === undefined) {
    throw new UringError(
      'ERR_URING_NO_ACTOR',
      'no actor is known to this thread: spawnActor() was not called before the thread started. ' +
        'Hand actor.address to it, for example in workerData, and call connect(address)',
    )
  }
  assertAddress(to)
  const header = wordsOf(to.header)
  assertAlive(header)
  const { maxClients } = to.limits
  if (Atomics.load(header, HEADER_CLIENTS) >= maxClients) throw tooManyClients(header, maxClients)
  const { transport, port, message } = prepare(to)
  const client = new Client(transport, port, message.owner)
  // The place of a thread that is terminated before the actor has heard of it is found to be free some looks
  // of the actor later only (one that exits gives it back, see Place): so nothing that takes time stands between these.
  if (!transport.place.take(maxClients)) {
    transport.close()
    throw tooManyClients(header, maxClients)
  }
  const { postMessageToThread: post } = threads as unknown as ThreadMessaging
  post(to.threadId, message, [message.port]).catch(transport.disconnection.heard)
  return client
}

/** Says that there is no place; the actor, though it sleeps, looks whether that is so. */
function tooManyClients(header: Int32Array, maxClients: number): UringError {
  Atomics.notify(header, HEADER_STATE)
  return new UringError(
    'ERR_URING_TOO_MANY_CLIENTS',
    `the actor has its ${maxClients} clients already. Close one, or spawn it with more maxClients`,
  )
}

/** A client's side, its end of the control port, and what tells the actor's thread of them. */
interface Prepared {
  readonly transport: Transport
  readonly port: threads.MessagePort
  readonly message: ConnectMessage
}

function prepare(to: ActorAddress): Prepared {
  const { channelDepth } = to.limits
  const channel = sharedPages(channelBytes(channelDepth))
  const words = wordsOf(channel)
  words[CHANNEL_MAGIC_BYTE >> 2] = CHANNEL_MAGIC
  words[CHANNEL_VERSION_BYTE >> 2] = PROTOCOL_VERSION
  words[CHANNEL_CAPACITY_BYTE >> 2] = channelDepth
  const { port1, port2 } = new threads.MessageChannel()
  const transport = new Transport(to, channel, port1)
  port1.on('close', transport.disconnection.heard)
  port1.unref()
  const message: ConnectMessage = {
    kind: CONNECT_KIND,
    channel,
    arena: transport.arena.buffer,
    trace: transport.trace.recorder.memory,
    port: port2,
    owner: randomInt(2 ** 48 - 1),
    threadId: threads.threadId,
  }
  return { transport, port: port1, message }
}

function assertAddress(address: ActorAddress): void {
  if (typeof address !== 'object' || address === null) {
    throw invalidType('address', 'an ActorAddress, as actor.address is', address)
  }
  const { header, protocolVersion, processId, threadId } = address
  if (!(header instanceof SharedArrayBuffer) || header.byteLength !== HEADER_BYTES) {
    throw invalidType('address.header', "the actor's SharedArrayBuffer", header)
  }
  const words = wordsOf(header)
  const magic = words[HEADER_MAGIC_BYTE >> 2]
  if (protocolVersion !== PROTOCOL_VERSION || magic !== HEADER_MAGIC) {
    throw new UringError(
      'ERR_URING_VERSION',
      `the actor speaks protocol ${protocolVersion}, this client ${PROTOCOL_VERSION}: ` +
        'two versions of uring-actor are installed',
    )
  }
  if (processId !== process.pid) {
    throw new UringError('ERR_URING_NO_ACTOR', `the address is of another process, ${processId}`)
  }
  // A message to a wrong thread is lost, and a blocking call could not even hear of that.
  if (threadId !== words[HEADER_THREAD_BYTE >> 2]) {
    throw new UringError('ERR_URING_NO_ACTOR', `thread ${threadId} is not the actor's`)
  }
}

/** What stands there may not be true: an actor that lives, though it sleeps, mends it then. */
function assertAlive(header: Int32Array): void {
  const life = Atomics.load(header, HEADER_LIFE)
  if (life !== LIFE_EXITED && life !== LIFE_CLOSING) return
  Atomics.notify(header, HEADER_STATE)
  throw life === LIFE_EXITED ? actorExited() : actorClosing()
}
