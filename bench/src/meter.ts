import { availableParallelism } from 'node:os'
import type { Sample } from './comparison.ts'

export const BLOCK_BYTES = 4096

/** Keeps operations in flight until the meter says that the time is over. */
export type Load = (meter: Meter) => unknown

/** Operations between two looks at the clock, which costs as much as some of what is measured. */
const CLOCK_EVERY = 32
/**
 * How long a load runs before it is measured, the same for all peers: until V8 has compiled what two
 * threads run, which takes most of a second on two processors that the load itself keeps busy, and
 * until the thread pool's threads and the actor's spin have settled.
 */
const WARM_UP_SECONDS = 1
/** Each thread compiles for itself, and all of them share the processors. */
const MOST_WARM_UP_SECONDS = 3
/** In a run of short rounds it is so many times as long as they are. */
const MOST_WARM_UPS = 5

/**
 * Counts operations, draws their positions, and says when the time is over. All peers are driven
 * by it, so that what it costs is in all their figures.
 */
export class Meter {
  /** Operations begun, and to be completed before the measurement ends. */
  count = 0
  readonly #end: number
  readonly #blocks: number
  #over = false
  #random: number

  constructor(seconds: number, size: number) {
    this.#end = performance.now() + seconds * 1000
    this.#blocks = size / BLOCK_BYTES - 1
    this.#random = (Math.random() * 0x7fffffff) | 1
  }

  /**
   * Counts one operation more; false, and counts none, when the time is over. There is always one: a
   * short measurement on a busy machine may be over before it began, and would have no figures.
   */
  next(): boolean {
    if (this.#over) return false
    const looks = this.count > 0 && this.count % CLOCK_EVERY === 0
    if (looks && performance.now() >= this.#end) {
      this.#over = true
      return false
    }
    this.count++
    return true
  }

  /** A random block's first byte; never block 0, by which the file is known. (xorshift32) */
  position(): number {
    let random = this.#random
    random ^= random << 13
    random ^= random >>> 17
    random ^= random << 5
    this.#random = random
    return (1 + ((random >>> 0) % this.#blocks)) * BLOCK_BYTES
  }
}

/** Runs a load to warm up, then measures it. */
export async function measure(seconds: number, size: number, load: Load): Promise<Sample> {
  await warmUp(seconds, size, load)
  return timed(seconds, size, load)
}

export async function warmUp(seconds: number, size: number, load: Load): Promise<void> {
  await load(new Meter(warmUpSeconds(1, seconds), size))
}

/** How long so many threads warm up before they are measured for `seconds`. */
export function warmUpSeconds(threads: number, seconds: number): number {
  const shared = WARM_UP_SECONDS * Math.max(1, threads / availableParallelism())
  return Math.min(MOST_WARM_UP_SECONDS, shared, MOST_WARM_UPS * seconds * Math.max(1, threads))
}

/** The CPU time is the whole process's, kernel threads that work for it included. */
export async function timed(seconds: number, size: number, load: Load): Promise<Sample> {
  const meter = new Meter(seconds, size)
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  await load(meter)
  const elapsedMillis = performance.now() - began
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    operations: meter.count,
    operationsPerSecond: (meter.count / elapsedMillis) * 1000,
    cpuMicros: (user + system) / meter.count,
  }
}

/** Keeps `depth` operations in flight: each lane awaits its own, one after the other. */
export async function drive(depth: number, lane: (index: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: depth }, (_, index) => lane(index)))
}

/** As `drive`, for operations that call back: no promise per operation. */
export function driveCallbacks(
  meter: Meter,
  depth: number,
  operate: (lane: number, done: (error: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let lanes = depth
    const run = (lane: number): void => {
      const done = (error: Error | null): void => {
        if (error !== null) reject(error)
        else if (meter.next()) operate(lane, done)
        else if (--lanes === 0) resolve()
      }
      done(null)
    }
    for (let lane = 0; lane < depth; lane++) run(lane)
  })
}
