/**
 * One channel: two rings of 64-byte records between one client and the actor, each with a single
 * producer and a single consumer. Head and tail are free-running uint32 counters; a record's slot
 * is its counter modulo the capacity, a power of two.
 *
 *   invariant of either ring, in uint32 arithmetic:   0 <= tail - head <= capacity
 *
 *   byte    0  magic, version, capacity           written once, by the client, before it connects
 *         128  request tail                       client
 *         256  request head                       actor
 *         384  completion tail                    actor
 *         512  completion head                    client
 *         640  client state                       client sets WAITING, actor clears it and notifies
 *         768  channel state, slot                actor (the state also by an exiting client)
 *         900  cancel count                       client
 *        1024  requests     capacity x 64 bytes   client
 *           …  completions  capacity x 64 bytes   actor
 *           …  128 bytes of padding
 *           …  cancel words capacity x  4 bytes   client
 *
 * Publication rule: a record belongs to the consumer from the moment the tail that covers it is
 * stored (Atomics.store), and to the producer again from the moment the head has passed it.
 *
 * A cancel word belongs to one operation slot of the client, so that a cancellation can be asked
 * for also when the request ring is full. It is `cancelWord(generation)` of the operation to cancel,
 * or CANCEL_NONE; the client stores it, and then counts one up in the cancel count, which alone tells
 * the actor to look.
 */
export const CHANNEL_MAGIC = 0x43415255 // 'URAC', little endian

/** Offsets in bytes. */
export const CHANNEL_MAGIC_BYTE = 0
export const CHANNEL_VERSION_BYTE = 4
export const CHANNEL_CAPACITY_BYTE = 8
export const CHANNEL_REQUEST_TAIL_BYTE = 128
export const CHANNEL_REQUEST_HEAD_BYTE = 256
export const CHANNEL_COMPLETION_TAIL_BYTE = 384
export const CHANNEL_COMPLETION_HEAD_BYTE = 512
export const CHANNEL_CLIENT_STATE_BYTE = 640
export const CHANNEL_STATE_BYTE = 768
export const CHANNEL_SLOT_BYTE = 772
export const CHANNEL_CANCEL_COUNT_BYTE = 900
export const CHANNEL_RECORDS_BYTE = 1024
export const RECORD_BYTES = 64

/** The same as indices of an Int32Array. */
export const CHANNEL_REQUEST_TAIL: number = CHANNEL_REQUEST_TAIL_BYTE >> 2
export const CHANNEL_REQUEST_HEAD: number = CHANNEL_REQUEST_HEAD_BYTE >> 2
export const CHANNEL_COMPLETION_TAIL: number = CHANNEL_COMPLETION_TAIL_BYTE >> 2
export const CHANNEL_COMPLETION_HEAD: number = CHANNEL_COMPLETION_HEAD_BYTE >> 2
export const CHANNEL_CLIENT_STATE: number = CHANNEL_CLIENT_STATE_BYTE >> 2
export const CHANNEL_STATE: number = CHANNEL_STATE_BYTE >> 2
export const CHANNEL_SLOT: number = CHANNEL_SLOT_BYTE >> 2
export const CHANNEL_CANCEL_COUNT: number = CHANNEL_CANCEL_COUNT_BYTE >> 2

/** Client state: it will look at its completions by itself. */
export const CLIENT_AWAKE = 0
/** Client state: it waits (Atomics.wait or waitAsync) on this very word. */
export const CLIENT_WAITING = 1

/** Channel state: the actor has not seen the channel yet. Requests may already be posted. */
export const CHANNEL_ATTACHING = 0
export const CHANNEL_ATTACHED = 1
/** Channel state: the client has detached; every file is closed and all memory let go. */
export const CHANNEL_DETACHED = 2
/** Channel state: the client broke the protocol; the actor takes nothing more from it. */
export const CHANNEL_POISONED = 3
/** Channel state: the actor refused it (no free slot, or it is closing). */
export const CHANNEL_REFUSED = 4
/** Channel state: the client's thread exited before the actor had seen the channel. */
export const CHANNEL_ABANDONED = 5

/**
 * Says what becomes of a channel that the actor has not seen yet. True for the one who says it first:
 * the actor, or the client's thread as it exits. The place of the client is theirs from then on.
 */
export function settleAttaching(words: Int32Array, state: number): boolean {
  const before = Atomics.compareExchange(words, CHANNEL_STATE, CHANNEL_ATTACHING, state)
  return before === CHANNEL_ATTACHING
}

export const CHANNEL_DEPTH_MIN = 2
export const CHANNEL_DEPTH_MAX = 16384

/** Between the completions, which the actor writes, and the cancel words, which the client does. */
export const CANCELS_PADDING_BYTES = 128

/** Bytes of a channel of `capacity` records each way. */
export function channelBytes(capacity: number): number {
  return (cancelsWord(capacity) + capacity) * 4
}

/** Index, in an Int32Array over the channel, of the first request record's first word. */
export const REQUESTS_WORD: number = CHANNEL_RECORDS_BYTE >> 2

/** Index, in an Int32Array over the channel, of the first completion record's first word. */
export function completionsWord(capacity: number): number {
  return (CHANNEL_RECORDS_BYTE + capacity * RECORD_BYTES) >> 2
}

/** Index, in an Int32Array over the channel, of the cancel word of operation slot 0. */
export function cancelsWord(capacity: number): number {
  return (CHANNEL_RECORDS_BYTE + 2 * capacity * RECORD_BYTES + CANCELS_PADDING_BYTES) >> 2
}

/** A cancel word that names no operation, as all do in a new channel. */
export const CANCEL_NONE = 0

/** The generations of operations are 0 … GENERATION_MASK, so that no cancel word is CANCEL_NONE. */
export const GENERATION_MASK = 0x7fffffff

/** The cancel word of an operation of this generation. */
export function cancelWord(generation: number): number {
  return ~generation
}

/** Records in [head, tail) of a ring, in uint32 arithmetic: above the capacity means broken. */
export function ringLength(head: number, tail: number): number {
  return (tail - head) >>> 0
}
