/**
 * The actor's header: the one small SharedArrayBuffer that all clients see. Scribbling here can cost
 * others time, because every wait is bounded and looks again, and never data: nothing read from
 * it is used as a descriptor, an index or a length.
 *
 * Words written by different threads are at least 128 bytes apart (two cache lines: the
 * prefetcher pulls pairs).
 *
 *   byte    0  magic           128  state          256  clients        384  life
 *           4  version         (actor, clients)    (actor, clients)    (actor)
 *           8  thread
 *         512  dirty bitmap, one bit a client slot: set by clients, taken by the actor
 *         640  trace     (any thread)     level and bits, trace.ts
 *         644  sample    (any thread)     share of spans that are published, of 2^31 - 1; 0: all
 *         648  slow      (any thread)     microseconds from which an operation is slow; 0: never
 *         768  crowded   (actor)
 *         772  several   (actor)
 */
export const PROTOCOL_VERSION = 4
/** 'URAH', little endian. */
export const HEADER_MAGIC = 0x48415255

/** Offsets in bytes. */
export const HEADER_MAGIC_BYTE = 0
export const HEADER_VERSION_BYTE = 4
/** Id of the actor's thread: an address that names another one is refused at once. */
export const HEADER_THREAD_BYTE = 8
export const HEADER_STATE_BYTE = 128
export const HEADER_CLIENTS_BYTE = 256
export const HEADER_LIFE_BYTE = 384
export const HEADER_DIRTY_BYTE = 512
export const MAX_CLIENTS_LIMIT = 1024
export const HEADER_TRACE_BYTE: number = HEADER_DIRTY_BYTE + MAX_CLIENTS_LIMIT / 8
/** Whether there are processors for threads that look for work instead of sleeping: CROWDED_… */
export const HEADER_CROWDED_BYTE: number = HEADER_TRACE_BYTE + 128
/** Not 0: several clients are at work, or more threads than there are processors. */
export const HEADER_SEVERAL_BYTE: number = HEADER_CROWDED_BYTE + 4
export const HEADER_BYTES: number = HEADER_CROWDED_BYTE + 128

/** The same as indices of an Int32Array. */
export const HEADER_STATE: number = HEADER_STATE_BYTE >> 2
export const HEADER_CLIENTS: number = HEADER_CLIENTS_BYTE >> 2
export const HEADER_LIFE: number = HEADER_LIFE_BYTE >> 2
export const HEADER_CROWDED: number = HEADER_CROWDED_BYTE >> 2
export const HEADER_SEVERAL: number = HEADER_SEVERAL_BYTE >> 2
export const HEADER_DIRTY: number = HEADER_DIRTY_BYTE >> 2
export const HEADER_TRACE: number = HEADER_TRACE_BYTE >> 2
export const HEADER_SAMPLE: number = HEADER_TRACE + 1
export const HEADER_SLOW: number = HEADER_TRACE + 2

/** State: the actor looks at the bitmap by itself; clients only publish and set their bit. */
export const STATE_RUNNING = 0
/** State: the actor sleeps in io_uring_enter; the doorbell eventfd wakes it. */
export const STATE_BLOCKED = 1
/** State: the actor is back in its event loop; Atomics.notify on the state word wakes it. */
export const STATE_PARKED = 2

/** Crowded: there is a processor for each. */
export const CROWDED_NOT = 0
/** Crowded: only if clients count that post little at a time. They look, but not for long. */
export const CROWDED_SLIGHTLY = 1
/** Crowded: more threads are at work than there are processors. None is to look for work. */
export const CROWDED_FULLY = 2

/** Life: takes work. */
export const LIFE_OPEN = 0
/** Life: what was accepted finishes, new work is refused. */
export const LIFE_CLOSING = 1
/** Life: the actor's thread is gone; stored by the addon, whatever ended the thread. */
export const LIFE_EXITED = 2
