// Readings of the clock of tracing, each between two of CLOCK_MONOTONIC.
import { nowMicros } from '@uring-actor/client/protocol'

/** Microseconds of CLOCK_MONOTONIC, of `nowMicros()`, and of CLOCK_MONOTONIC again. */
export type ClockReading = readonly [before: number, now: number, after: number]

const monotonicMicros = (): number => Number(process.hrtime.bigint()) / 1e3

export function readClocks(): ClockReading[] {
  return Array.from({ length: 20 }, () => [monotonicMicros(), nowMicros(), monotonicMicros()])
}
