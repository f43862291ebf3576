import { segmentCount, segmentLength, segmentOf, segmentStart } from '@uring-actor/client/protocol'
import type { NativeBinding, NativeRing } from '@uring-actor/native'

/** The control page has the first slot of the buffer table; the arenas follow. */
export const CONTROL_BUFFER = 0
const FIRST_ARENA_BUFFER = 1

const SEGMENT_UNKNOWN = 0
const SEGMENT_FIXED = 1
const SEGMENT_PLAIN = 2

/** Slots that the buffer table needs. */
export function bufferSlots(maxClients: number, arenaBytes: number): number {
  return FIRST_ARENA_BUFFER + maxClients * segmentCount(arenaBytes)
}

/**
 * The clients' arenas as the ring sees them: where each begins, and which of its segments are
 * registered buffers. A segment is registered, and so pinned, when it is first used: an arena costs
 * only what is used of it. One that cannot be is used unregistered.
 */
export class ArenaBuffers {
  #binding: NativeBinding
  #native: NativeRing
  #segments: number
  #bases: Float64Array
  #states: Uint8Array
  /** The clients' arenas, by channel. */
  readonly arenas: Array<Uint8Array | null>

  constructor(binding: NativeBinding, native: NativeRing, maxClients: number, arenaBytes: number) {
    this.#binding = binding
    this.#native = native
    this.#segments = segmentCount(arenaBytes)
    this.#bases = new Float64Array(maxClients)
    this.#states = new Uint8Array(maxClients * this.#segments)
    this.arenas = new Array(maxClients).fill(null)
  }

  attach(channel: number, arena: SharedArrayBuffer): void {
    const bytes = new Uint8Array(arena, 0, arena.byteLength)
    this.arenas[channel] = bytes
    this.#bases[channel] = this.#binding.addressOf(bytes)
    // A child between fork and exec must not share pages that a device writes to.
    this.#binding.dontFork(bytes)
  }

  detach(channel: number): void {
    for (let segment = 0; segment < this.#segments; segment++) {
      const at = channel * this.#segments + segment
      if (this.#states[at] === SEGMENT_FIXED) {
        this.#native.registerBuffer(FIRST_ARENA_BUFFER + at, null)
      }
      this.#states[at] = SEGMENT_UNKNOWN
    }
    this.arenas[channel] = null
    this.#bases[channel] = 0
  }

  /** Address of an arena's byte. */
  address(channel: number, offset: number): number {
    return this.#bases[channel] + offset
  }

  /** The registered buffer that holds an arena's byte; 0 when it is not registered. */
  index(channel: number, offset: number): number {
    const at = channel * this.#segments + segmentOf(offset)
    const state = this.#states[at]
    if (state === SEGMENT_FIXED) return FIRST_ARENA_BUFFER + at
    return state === SEGMENT_PLAIN ? 0 : this.#register(channel, offset, at)
  }

  #register(channel: number, offset: number, at: number): number {
    const segment = segmentOf(offset)
    const start = segmentStart(segment)
    const arena = this.arenas[channel] as Uint8Array
    const length = Math.min(segmentLength(segment), arena.length - start)
    const view = new Uint8Array(arena.buffer, start, length)
    const result = this.#native.registerBuffer(FIRST_ARENA_BUFFER + at, view)
    this.#states[at] = result < 0 ? SEGMENT_PLAIN : SEGMENT_FIXED
    return result < 0 ? 0 : FIRST_ARENA_BUFFER + at
  }
}
