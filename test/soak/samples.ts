// What the process holds, over time.
import { closeSync, fdatasync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { openDescriptors, residentBytes } from '../support/process-state.ts'

export interface Sample {
  readonly seconds: number
  readonly operations: number
  readonly sessions: number
  readonly residentMiB: number
  readonly descriptors: number
  readonly kernelThreads: number
  readonly openFiles: number
  readonly inFlight: number
  /** The longest operation since the last sample, and what the probe took, in milliseconds. */
  readonly slowest: number
  readonly probe: number
}

export function residentMiB(): number {
  return residentBytes() / 2 ** 20
}

export { openDescriptors }

/** The threads that the kernel works with for our ring. */
export function kernelThreads(): number {
  return readdirSync('/proc/self/task').filter((thread) => {
    try {
      return /^iou-(wrk|sqp)/.test(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8'))
    } catch {
      // Gone since the listing.
      return false
    }
  }).length
}

/**
 * Whether the machine is healthy: how long a plain fdatasync takes, without us, again and again, and
 * how late a timer is.
 */
export class Probe {
  readonly #fd: number
  #slowest = 0
  #stopped = false

  constructor(path: string) {
    this.#fd = openSync(path, 'w')
    this.#next()
  }

  /** The longest since this was asked last, in milliseconds. */
  takeSlowest(): number {
    const slowest = this.#slowest
    this.#slowest = 0
    return slowest
  }

  stop(): void {
    this.#stopped = true
  }

  #next(): void {
    if (this.#stopped) {
      closeSync(this.#fd)
      return
    }
    writeSync(this.#fd, 'x', 0)
    const began = performance.now()
    fdatasync(this.#fd, () => {
      const done = performance.now()
      this.#took(done - began)
      setTimeout(() => {
        this.#took(performance.now() - done - PROBE_MILLIS)
        this.#next()
      }, PROBE_MILLIS)
    })
  }

  #took(millis: number): void {
    this.#slowest = Math.max(this.#slowest, millis)
  }
}

const PROBE_MILLIS = 200

/** A table of so many rows at most, evenly chosen. */
export function tableOf(samples: readonly Sample[], rows: number): string {
  const step = Math.max(1, samples.length / rows)
  const chosen: string[][] = [HEADINGS]
  let before: Sample | undefined
  for (let at = 0; at < samples.length; at += step) {
    const from = Math.floor(at)
    const sample = samples[from]!
    const span = samples.slice(Math.max(0, Math.floor(at - step) + 1), from + 1)
    const elapsed = sample.seconds - (before?.seconds ?? 0)
    const rate = (sample.operations - (before?.operations ?? 0)) / elapsed
    chosen.push([
      sample.seconds.toFixed(0),
      rate.toFixed(0),
      String(sample.sessions),
      sample.residentMiB.toFixed(1),
      String(sample.descriptors),
      String(sample.kernelThreads),
      String(sample.openFiles),
      String(sample.inFlight),
      Math.max(...span.map(({ slowest }) => slowest)).toFixed(0),
      Math.max(...span.map(({ probe }) => probe)).toFixed(0),
    ])
    before = sample
  }
  const widths = HEADINGS.map((_, column) => Math.max(...chosen.map((row) => row[column]!.length)))
  return chosen
    .map((row) => row.map((text, column) => text.padStart(widths[column]!)).join('  '))
    .join('\n')
}

const HEADINGS = [
  'seconds',
  'ops/s',
  'connects',
  'RSS MiB',
  'fds',
  'kernel threads',
  'open files',
  'in flight',
  'slowest ms',
  'probe ms',
]
