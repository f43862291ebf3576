import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type CaseInput, EXIT, type Sample } from './comparison.ts'
import type { RawLatency } from './measure/latency-recorder.ts'

/** What a case's process is to do. */
export interface CaseOrders {
  readonly comparison: string
  readonly name: string
  readonly input: CaseInput
  /** See Comparison. */
  readonly collects: boolean
  /** See Case. */
  readonly threadPool: number | undefined
}

/** What one run of a case measured. */
export interface Measured {
  readonly sample: Sample
  /** Null when operations were not timed one by one. */
  readonly latency: RawLatency | null
}

/** Beside its own seconds: the longest fixed time that a case takes, on a slow machine. */
const GRACE_SECONDS = 120

let running: ChildProcess | null = null

/** Runs a case in a process of its own. Rejects with what it said when it fails or is too slow. */
export async function runCase(orders: CaseOrders): Promise<Measured> {
  const script = fileURLToPath(new URL('./child.js', import.meta.url))
  const { UV_THREADPOOL_SIZE: _size, NODE_OPTIONS: _options, ...env } = process.env
  const options = orders.collects ? ['--expose-gc'] : []
  const child = spawn(process.execPath, [...options, script], {
    // A group of its own, so that it and what it has started can be ended together.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env:
      orders.threadPool === undefined
        ? env
        : { ...env, UV_THREADPOOL_SIZE: `${orders.threadPool}` },
  })
  running = child
  // One that ends at once has told why.
  child.stdin.on('error', () => {}).end(JSON.stringify(orders))
  const timer = setTimeout(endRunningCase, (orders.input.seconds * 4 + GRACE_SECONDS) * 1000)
  let output = ''
  let errors = ''
  let lastOutput = Number.NaN
  let ended = Number.NaN
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    lastOutput = performance.now()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  child.once('exit', () => {
    ended = performance.now()
  })
  const how = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  }).finally(() => {
    clearTimeout(timer)
    running = null
  })
  if (how !== 0) throw new Error(faultOf(how, errors.trim()))
  const { sample, latency } = measuredFrom(output)
  return { sample: { ...sample, [EXIT.key]: ended - lastOutput }, latency }
}

/**
 * Reads the line that a case's process prints. A figure that is none, such as what an operation costs
 * where none was done, fails the case: nothing is to be told, compared or judged by it.
 */
export function measuredFrom(line: string): Measured {
  const measured = JSON.parse(line) as Measured
  for (const [metric, value] of Object.entries(measured.sample)) {
    // JSON has no word for a number that is not finite, and says null.
    if (!Number.isFinite(value)) throw new Error(`it measured no ${metric}: too little was done`)
  }
  return measured
}

/** What a case's process has said of its end; of one that was ended, that it was. */
function faultOf(how: number | NodeJS.Signals | null, errors: string): string {
  if (how === 1 && errors !== '') return errors
  return `its process ended with ${how}${errors && `: ${errors}`}`
}

/** Ends the case that runs, and what it has started. */
export function endRunningCase(): void {
  if (running?.pid === undefined) return
  try {
    process.kill(-running.pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}
