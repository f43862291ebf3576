import { constants } from 'node:os'
import process from 'node:process'
import { Job } from './job.ts'
import { type Options, parseOptions } from './options.ts'
import { closing, json, opening } from './report.ts'
import type { Failure } from './shared.ts'
import { summarize } from './summary.ts'
import { UserError } from './user-error.ts'
import { prepareFile, type WorkloadFile } from './workload-file.ts'

/** The main job: `npm start`. See options.ts for what it can be told, job.ts for what it does. */

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args)
    return options === null ? 0 : await work(options)
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    // What has neither is a bug of ours, and its stack is wanted.
    if (!(error instanceof UserError) && code === undefined) throw error
    process.stderr.write(`uring-actor: ${message}\n`)
    return error instanceof UserError ? error.exitCode : 1
  }
}

async function work(options: Options): Promise<number> {
  const file = prepareFile(options)
  try {
    return await runAndReport(options, file)
  } finally {
    file.remove()
  }
}

async function runAndReport(options: Options, file: WorkloadFile): Promise<number> {
  const job = new Job(options, file)
  const interrupt = onInterrupt(job, file)
  if (!options.json) process.stdout.write(`${opening(options, file)}\n`)
  const outcome = await job.run()
  const summary = summarize(outcome)
  const { failure, mismatches } = summary
  if (options.json) {
    process.stdout.write(json(options, file, outcome, summary, interrupt.signal))
  } else {
    process.stdout.write(closing(outcome, summary, file))
  }
  if (failure !== null) throw new UserError(explainFailure(failure, options, file), 1)
  if (mismatches > 0) return 1
  if (interrupt.signal === null) return 0
  process.stderr.write(`uring-actor: interrupted by ${interrupt.signal}\n`)
  return 128 + constants.signals[interrupt.signal]
}

/**
 * npm, timeout(1) and others pass a signal on that the terminal has sent to us already: within this
 * time two are one.
 */
const SAME_SIGNAL_MILLIS = 500

/** The first signal ends the job in order, with what was done so far; the second one at once. */
function onInterrupt(job: Job, file: WorkloadFile): { signal: NodeJS.Signals | null } {
  const interrupt: { signal: NodeJS.Signals | null } = { signal: null }
  let first = 0
  const interrupted = (signal: NodeJS.Signals): void => {
    if (interrupt.signal !== null) {
      if (performance.now() - first < SAME_SIGNAL_MILLIS) return
      file.remove()
      process.exit(128 + constants.signals[signal])
    }
    interrupt.signal = signal
    first = performance.now()
    job.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupted)
  return interrupt
}

function explainFailure(failure: Failure, options: Options, file: WorkloadFile): string {
  const { code, message } = failure
  if (code === 'ENOSPC') {
    return `the disk is full: ${file.path} needs ${options.size} bytes in all (${message})`
  }
  if (code === 'EINVAL' && options.direct) {
    return `--direct: the filesystem of ${file.path} may not know direct I/O (${message})`
  }
  return message
}

// Whoever reads may stop reading (`| head`): the exit code still tells.
process.stdout.on('error', () => {})
process.exitCode = await main(process.argv.slice(2))
