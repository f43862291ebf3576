import { performance } from 'node:perf_hooks'
import { hrtime } from 'node:process'

/**
 * Two ways to read CLOCK_MONOTONIC, and which of them makes no object depends on the V8 that compiles
 * it: until Node 22 the array that `process.hrtime()` returns is gone when its elements are taken apart
 * at once, and `performance.now()` makes a number on the heap; from Node 24 on it is the other way round.
 */
const HAS_FAST_NOW: boolean = Number.parseInt(process.versions.node, 10) >= 24

/** Now, in microseconds, by way of `process.hrtime()`: the clock as it is, the same in every thread. */
function hrtimeMicros(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1e6 + nanoseconds / 1e3
}

/**
 * How much later `other` is than `clock`, in the unit that both give: `other` is read between two
 * readings of `clock`, a few times, and the tightest of those is believed.
 */
function offsetBetween(clock: () => number, other: () => number): number {
  let best = 0
  let tightest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 8; round++) {
    const before = clock()
    const between = other()
    const after = clock()
    if (after - before < tightest) {
      tightest = after - before
      best = between - (before + after) / 2
    }
  }
  return best
}

/** `performance.now()` is that clock too, but counts from the start of its own thread: here it was 0. */
const threadStart: number = HAS_FAST_NOW
  ? offsetBetween(() => performance.now() * 1e3, hrtimeMicros)
  : 0

/** Now, in microseconds of CLOCK_MONOTONIC: the same clock in every thread. */
export function nowMicros(): number {
  return HAS_FAST_NOW ? performance.now() * 1e3 + threadStart : hrtimeMicros()
}

/**
 * Stores that time, without handing it on: a number with a fraction that is a result or an argument
 * is an object to V8, unless it happens to put the function in where it is called.
 */
export function storeMicros(times: Float64Array, at: number): void {
  if (HAS_FAST_NOW) {
    times[at] = performance.now() * 1e3 + threadStart
    return
  }
  const [seconds, nanoseconds] = hrtime()
  times[at] = seconds * 1e6 + nanoseconds / 1e3
}

/** From that clock to the epoch, in microseconds. */
const epochOffset: number = offsetBetween(
  nowMicros,
  () => (performance.timeOrigin + performance.now()) * 1e3,
)

/** A time of `nowMicros()` in milliseconds since the epoch, as `performance.timeOrigin` has it. */
export function epochMillis(micros: number): number {
  return (micros + epochOffset) / 1e3
}
