import { performance } from 'node:perf_hooks'
import { hrtime } from 'node:process'

/**
 * Now, in microseconds of CLOCK_MONOTONIC: the same clock in every thread. `process.hrtime()` reads it
 * as it is, and what it returns is gone when the compiler has put it in here; `performance.now()`
 * counts from the thread's own start, takes half as long again, and makes an object each time.
 */
export function nowMicros(): number {
  const time = hrtime()
  return time[0] * 1e6 + time[1] / 1e3
}

/**
 * Stores that time, without handing it on: a number with a fraction that is a result or an argument
 * is an object to V8, unless it happens to put the function in where it is called.
 */
export function storeMicros(times: Float64Array, at: number): void {
  const [seconds, nanoseconds] = hrtime()
  times[at] = seconds * 1e6 + nanoseconds / 1e3
}

/** From that clock to the epoch, in milliseconds: the tightest of a few readings of both. */
function measureOffset(): number {
  let best = 0
  let tightest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 8; round++) {
    const before = nowMicros()
    const epoch = performance.timeOrigin + performance.now()
    const after = nowMicros()
    if (after - before < tightest) {
      tightest = after - before
      best = epoch - (before + after) / 2e3
    }
  }
  return best
}

const epochOffset: number = measureOffset()

/** A time of `nowMicros()` in milliseconds since the epoch, as `performance.timeOrigin` has it. */
export function epochMillis(micros: number): number {
  return micros / 1e3 + epochOffset
}
