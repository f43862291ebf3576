import { availableParallelism } from 'node:os'
import {
  CACHED_READS,
  CROWDED_FULLY,
  CROWDED_NOT,
  CROWDED_SLIGHTLY,
  HEADER_CROWDED,
  HEADER_SEVERAL,
} from '@uring-actor/client/protocol'
import type { Channel } from '../channels/channel.ts'
import type { Engine } from '../engine/engine.ts'
import { cpuQuota } from '../host/cpu-quota.ts'

/** So long are clients watched before they are counted, in microseconds. */
const WINDOW_MICROS = 4000
/**
 * A client is at work from so many requests on that the actor finds at a time. What has fewer is soon done,
 * unless a device does it: a thread that sleeps for it would be woken for each, which takes more of a
 * processor than a short look.
 */
const AT_A_TIME = 4
/** And one that reads the page cache itself, from one read in so many microseconds on. */
const MICROS_PER_READ = 20

/**
 * Whether more threads are at work than there are processors: the clients that have posted in the last
 * few milliseconds, many requests at a time, or read by themselves, the actor, and the kernel's workers
 * for what it began. A thread that looks for work instead of sleeping then has a processor that another
 * one needs to get that work done, so nobody looks; and not for long where it takes those to be more that
 * post little at a time. And where several clients are at work, the one actor is what they would wait for:
 * then each reads what is cached by itself, however much it has under way.
 *
 * Where a quota is what limits the process, a thread has its processor, but pays for what it looks.
 *
 *   fully      <=>   clients at work + 1 + workers > processors   (workers > 0: one client at least)
 *   slightly   <=>   clients at work, or that post at all, + 1 + workers > processors, or > quota
 *   several    <=>   clients at work > 1, or clients at work + 1 > processors
 */
export class Crowding {
  /** As the actor has found it. The header tells clients; what stands there is not believed. */
  level: number = CROWDED_NOT
  readonly #header: Int32Array
  readonly #channels: ReadonlyArray<Channel | null>
  readonly #engine: Pick<Engine, 'takeWorkers'>
  readonly #processors: number
  /** Processors whose time the process may use: more, or fewer. */
  readonly #quota: number
  /** What each slot's channel had taken when it was looked at last, and in how many turns. */
  readonly #taken: Float64Array
  readonly #turns: Float64Array
  /** And had been read by its client itself: whatever that says, nothing but time depends on it. */
  readonly #cached: Float64Array
  #looked = 0

  constructor(
    header: Int32Array,
    channels: ReadonlyArray<Channel | null>,
    engine: Pick<Engine, 'takeWorkers'>,
    processors: number = availableParallelism(),
    quota: number = cpuQuota(),
  ) {
    this.#header = header
    this.#channels = channels
    this.#engine = engine
    this.#processors = processors
    this.#quota = quota
    this.#taken = new Float64Array(channels.length)
    this.#turns = new Float64Array(channels.length)
    this.#cached = new Float64Array(channels.length)
  }

  /** Called at every turn of the event loop, at a time in microseconds. */
  look(now: number): void {
    const micros = now - this.#looked
    if (micros < WINDOW_MICROS) return
    this.#looked = now
    let working = 0
    let posting = 0
    for (let slot = 0; slot < this.#channels.length; slot++) {
      const channel = this.#channels[slot]
      if (!channel) continue
      const taken = channel.taken - this.#taken[slot]!
      const turns = channel.turns - this.#turns[slot]!
      const read = channel.trace[CACHED_READS]
      const cached = read - this.#cached[slot]!
      // All are below 0 when the slot's client is another one.
      const posts = turns > 0 && taken >= AT_A_TIME * turns
      if (posts || cached * MICROS_PER_READ >= micros) working++
      else if (taken > 0) posting++
      this.#taken[slot] = channel.taken
      this.#turns[slot] = channel.turns
      this.#cached[slot] = read
    }
    const workers = this.#engine.takeWorkers()
    // Whoever keeps them busy may post little at a time, woken as he is for each of them.
    const least = workers > 0 ? 1 : 0
    const others = 1 + workers
    const fully = Math.max(working, least) + others > this.#processors
    const threads = Math.max(working + posting, least) + others
    const slightly = threads > this.#processors || threads > this.#quota
    this.level = fully ? CROWDED_FULLY : slightly ? CROWDED_SLIGHTLY : CROWDED_NOT
    Atomics.store(this.#header, HEADER_CROWDED, this.level)
    const several = working > 1 || working + 1 > this.#processors
    Atomics.store(this.#header, HEADER_SEVERAL, several ? 1 : 0)
  }
}
