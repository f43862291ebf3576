import { readdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { bucketOf } from '@uring-actor/client/internal'
import { UNITS_MAX, UNITS_PER_MICROSECOND } from '@uring-actor/client/protocol'
import { BUCKETS_PER_ROW, type RawLatency, SLOTS } from './measure/latency-recorder.ts'

/** What fio's JSON says of its completion latencies, in nanoseconds. */
export interface FioLatency {
  readonly max: number
  /** Operations by where their bin begins. */
  readonly bins?: Readonly<Record<string, number>>
}

/** fio's bins are finer than ours. */
export function wholeRun({ max, bins = {} }: FioLatency): Omit<RawLatency, 'overTime'> {
  const counts = new Map<number, number>()
  for (const [nanos, count] of Object.entries(bins)) {
    const bucket = bucketOfNanos(Number(nanos))
    counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  }
  return { maxMicros: max / 1000, buckets: [...counts].sort(([a], [b]) => a - b) }
}

function bucketOfNanos(nanos: number): number {
  return bucketOf(Math.min(UNITS_MAX, Math.floor((nanos / 1000) * UNITS_PER_MICROSECOND)))
}

/** fio writes a line when it completes something after so much of a slot: what is left is not told. */
const LINES_PER_SLOT = 5
const NAME = 'latencies'
/** Bits of a bin's index that count within a doubling (FIO_IO_U_PLAT_BITS of fio's stat.h). */
const BIN_BITS = 6

/**
 * How long fio's operations took over time: it counts them by itself, and writes a histogram to a file
 * for each job every few milliseconds, which costs it next to nothing.
 */
export class FioHistograms {
  readonly args: readonly string[]
  readonly #folder: string
  readonly #slotMillis: number
  readonly #lineMillis: number

  constructor(folder: string, seconds: number) {
    this.#folder = folder
    this.#slotMillis = (seconds * 1000) / SLOTS
    this.#lineMillis = Math.max(1, Math.round(this.#slotMillis / LINES_PER_SLOT))
    const file = path.join(folder, NAME)
    this.args = [`--write_hist_log=${file}`, `--log_hist_msec=${this.#lineMillis}`]
  }

  /** What all jobs have written, and removes it. */
  take(): RawLatency['overTime'] {
    const counts = new Map<string, [slot: number, row: number, count: number]>()
    for (const name of readdirSync(this.#folder)) {
      if (!name.startsWith(`${NAME}_clat_hist`)) continue
      const file = path.join(this.#folder, name)
      for (const line of readFileSync(file, 'utf8').split('\n')) this.#add(line, counts)
      rmSync(file)
    }
    return [...counts.values()]
  }

  /** A line: milliseconds from the beginning to its end, direction, size of a block, all bins. */
  #add(line: string, counts: Map<string, [number, number, number]>): void {
    if (line === '') return
    const [millis = 0, , , ...bins] = line.split(',').map(Number)
    const middle = millis - this.#lineMillis / 2
    const slot = Math.max(0, Math.min(SLOTS - 1, Math.floor(middle / this.#slotMillis)))
    for (const [bin, count] of bins.entries()) {
      if (count === 0) continue
      const row = Math.floor(bucketOfNanos(binMiddle(bin)) / BUCKETS_PER_ROW)
      const key = `${slot} ${row}`
      const before = counts.get(key)
      if (before === undefined) counts.set(key, [slot, row, count])
      else before[2] += count
    }
  }
}

/** In nanoseconds: the first 64 bins are one wide, and so many each doubling has after them. */
function binMiddle(bin: number): number {
  if (bin < 1 << BIN_BITS) return bin
  const width = 2 ** ((bin >> BIN_BITS) - 1)
  return (width << BIN_BITS) + ((bin & ((1 << BIN_BITS) - 1)) + 0.5) * width
}
