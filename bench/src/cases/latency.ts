import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { spawnActor } from '@uring-actor/actor'
import type { Case, CaseInput, Comparison, Figure, Sample } from '../comparison.ts'
import { BlockBuffer } from '../data/blocks.ts'
import { BLOCK_BYTES, Meter, warmUp } from '../meter.ts'

const P50 = 'p50Micros'
/** Ours, where clients read nothing by themselves. */
const BY_ACTOR = 'uring-actor, all by the actor'

/** The machine's other load, and the time from one read's end to the next one's beginning. */
interface Surroundings {
  readonly label: string
  readonly busy: boolean
  readonly pauseMillis: number
}

const IDLE: Surroundings = { label: 'idle', busy: false, pauseMillis: 0 }
const BUSY: Surroundings = { label: 'busy', busy: true, pauseMillis: 0 }
const PAUSED: Surroundings = { label: 'idle, 2 ms apart', busy: false, pauseMillis: 2 }

/** What a single reader waits for, one read at a time. */
export const latency: Comparison = {
  title: 'Latency of warm 4 KiB reads, one at a time',
  file: 'warm',
  metrics: [
    { key: P50, label: 'p50 µs', digits: 1 },
    { key: 'p99Micros', label: 'p99 µs', digits: 1 },
  ],
  cases: [IDLE, BUSY, PAUSED].flatMap((surroundings) => [
    latencyCase('uring-actor', ours(true), surroundings),
    latencyCase(BY_ACTOR, ours(false), surroundings),
    latencyCase('fs.read callback', oneByOneCallback, surroundings),
  ]),
  figures: [
    figure('uring-actor', IDLE, 0.6),
    figure('uring-actor', BUSY, 0.6),
    figure('uring-actor', PAUSED),
    ...[IDLE, BUSY, PAUSED].map((surroundings) => figure(BY_ACTOR, surroundings)),
  ],
}

function figure(name: string, { label }: Surroundings, atMost?: number): Figure {
  return {
    label: `p50, ${name} / fs.read callback, ${label}`,
    how: 'ratio',
    metric: P50,
    of: `${name}, ${label}`,
    against: `fs.read callback, ${label}`,
    ...(atMost === undefined ? {} : { atMost }),
  }
}

/** Reads one block after the other until the meter ends; returns each one's microseconds. */
type OneByOne = (meter: Meter) => Promise<number[]>
type Opener = (input: CaseInput, pauseMillis: number) => Promise<OneByOne>

function latencyCase(name: string, open: Opener, { label, busy, pauseMillis }: Surroundings): Case {
  return {
    name: `${name}, ${label}`,
    async run(input) {
      const { seconds, size } = input
      const spinner = busy ? await startSpinner(seconds) : null
      try {
        const read = await open(input, pauseMillis)
        await warmUp(seconds, size, read)
        return percentiles(await read(new Meter(seconds, size)))
      } finally {
        spinner?.kill()
      }
    },
  }
}

function ours(cachedReads: boolean): Opener {
  return async ({ file: path }, pauseMillis) => {
    const actor = await spawnActor({ cachedReads })
    const file = await actor.connect().open(path, 'r')
    const buffer = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
    return async (meter) => {
      const micros: number[] = []
      while (meter.next()) {
        const position = meter.position()
        const began = performance.now()
        await file.read(buffer.bytes, 0, BLOCK_BYTES, position)
        micros.push((performance.now() - began) * 1000)
        buffer.verify(0, position / BLOCK_BYTES)
        if (pauseMillis > 0) await delay(pauseMillis)
      }
      return micros
    }
  }
}

async function oneByOneCallback({ file: path }: CaseInput, pauseMillis: number): Promise<OneByOne> {
  const descriptor = fs.openSync(path, 'r')
  const buffer = new BlockBuffer(Buffer.alloc(BLOCK_BYTES))
  return (meter) =>
    new Promise((resolve, reject) => {
      const micros: number[] = []
      const next = (): void => {
        if (!meter.next()) {
          resolve(micros)
          return
        }
        const position = meter.position()
        const began = performance.now()
        fs.read(descriptor, buffer.bytes, 0, BLOCK_BYTES, position, (error) => {
          micros.push((performance.now() - began) * 1000)
          try {
            if (error !== null) throw error
            buffer.verify(0, position / BLOCK_BYTES)
          } catch (fault) {
            reject(fault)
            return
          }
          if (pauseMillis > 0) setTimeout(next, pauseMillis)
          else next()
        })
      }
      next()
    })
}

function percentiles(micros: number[]): Sample {
  const sorted = Float64Array.from(micros).sort()
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  return { p50Micros: at(0.5), p99Micros: at(0.99) }
}

/** Another process that wants a CPU all the time; it ends by itself should nobody end it. */
async function startSpinner(seconds: number): Promise<ChildProcess> {
  const millis = (seconds + 10) * 1000
  const script = `console.log(); const end = Date.now() + ${millis}; while (Date.now() < end);`
  const spinner = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(spinner.stdout, 'data')
  return spinner
}
