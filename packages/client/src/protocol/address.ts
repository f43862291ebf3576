/**
 * How a thread finds the actor: plain values and the header, inherited by workers through
 * `setEnvironmentData`, or handed over by hand in `workerData`.
 */
export interface ActorLimits {
  /** Operations in flight in the ring, of all clients together. */
  readonly queueDepth: number
  /** Clients connected at once. */
  readonly maxClients: number
  /** Requests one client may have outstanding: records in each ring of its channel. */
  readonly channelDepth: number
  /** Bytes of a client's arena, a power of two. */
  readonly arenaBytes: number
  /** Requests in one chain. */
  readonly chainLength: number
  /** Longest look for work before a thread sleeps, in microseconds. */
  readonly spinMicros: number
  /**
   * Reads and writes that a client hands over before its turn of the event loop ends, so that the
   * actor begins while it goes on posting; 0: it hands over all of a turn together.
   */
  readonly earlyRequests: number
}

export interface ActorAddress {
  readonly protocolVersion: number
  readonly threadId: number
  readonly processId: number
  /** Descriptor of the doorbell eventfd, -1 when the engine never blocks in the kernel. */
  readonly doorbell: number
  /**
   * Number of the actor's thread in /proc/self/task, where clients have to look whether it lives; 0
   * where the header tells, or nothing can be looked up.
   */
  readonly task: number
  readonly engine: string
  /**
   * The addon's file, with which clients read from the page cache themselves; empty when they are not
   * to, or there is none.
   */
  readonly addon: string
  readonly limits: ActorLimits
  readonly header: SharedArrayBuffer
}

/** Key of the address in the environment data. It holds the version: other versions stay apart. */
export const ADDRESS_KEY = 'uring-actor:address:4'

/** The value that `connect()` sends to the actor's thread, with the control port. */
export interface ConnectMessage {
  readonly kind: 'uring-actor:connect:4'
  readonly channel: SharedArrayBuffer
  readonly arena: SharedArrayBuffer
  /** What the client records of its operations, trace.ts. */
  readonly trace: SharedArrayBuffer
  readonly port: import('node:worker_threads').MessagePort
  /**
   * A random number that nobody else knows, an integer: files are offered under it. It is never in
   * memory that is shared.
   */
  readonly owner: number
  /** The client's thread, for reports only. */
  readonly threadId: number
}
export const CONNECT_KIND = 'uring-actor:connect:4'
