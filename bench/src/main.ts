import { dirname } from 'node:path'
import { SingleBar } from 'cli-progress'
import { runProgram } from './command-line.ts'
import { COMPARISONS } from './comparisons.ts'
import { BenchFiles } from './data/bench-files.ts'
import { describeMachine } from './machine.ts'
import { type Options, parseOptions } from './options.ts'
import { closingText, comparisonText, machineText } from './report.ts'
import { RESULTS_FILE, ResultsFolder } from './results/folder.ts'
import type { ComparisonResult } from './results/results.ts'
import { emptyResults, hasFailed, resultsText } from './results/run-results.ts'
import { runComparison } from './rounds.ts'
import { endRunningCase } from './run-case.ts'
import { formatSize } from './sizes.ts'

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

await runProgram(() => {
  const options = parseOptions(process.argv.slice(2))
  return options === null ? 0 : main(options)
})

/** Returns the exit code. */
async function main(options: Options): Promise<number> {
  let left = () => 'nothing was measured'
  // Before anything is made: a signal that nobody handles ends the process without its `exit` event.
  endEarly(() => left())
  const files = new BenchFiles({ path: options.file, count: options.files, size: options.size })
  if (options.generate) {
    left = () => `the next 'generate' goes on where this one ended`
    await prepare(files)
    return 0
  }
  const machine = describeMachine(dirname(files.paths[0]!))
  const folder = new ResultsFolder(options.out, machine)
  const results = emptyResults(machine, options, files)
  const scratch = files.makeScratch()
  left = () => interruptedText(folder.path, results.comparisons.length, options.only.length)
  const print = options.json ? () => {} : (text: string) => process.stdout.write(text)
  await prepare(files)
  print(machineText(machine, options))
  for (const name of options.only) {
    results.comparisons.push(await runOne(name, files, { ...options, scratch }, print))
    // A run takes hours, and something may end it.
    folder.write(RESULTS_FILE, resultsText(results))
  }
  print(closingText(results.comparisons))
  files.remove()
  // Drawing takes a large library, which the measurements shall not share their memory with.
  const { writeReport } = await import('./write-report.ts')
  writeReport(folder, results)
  if (options.json) process.stdout.write(resultsText(results))
  else print(`results: ${folder.path}\n`)
  return hasFailed(results) ? 1 : 0
}

/** Runs and prints one comparison. */
async function runOne(
  name: string,
  files: BenchFiles,
  { rounds, size, seconds, quick, scratch }: Options & { readonly scratch: string },
  print: (text: string) => void,
): Promise<ComparisonResult> {
  const comparison = await COMPARISONS[name]!()
  const input = { file: files.paths[0]!, files: files.paths, size, scratch, seconds, quick }
  const result = await runComparison(name, comparison, files, { rounds, input, progress })
  progress('')
  print(comparisonText(comparison, result))
  return result
}

/** Makes the files, with a bar on the terminal. */
async function prepare(files: BenchFiles): Promise<void> {
  const bytes = files.size * files.paths.length
  const bar = new SingleBar({
    format: 'files of blocks {bar} {percentage} % {shown} of {all}, {eta_formatted} left',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: null,
  })
  let done = 0
  bar.start(bytes, 0, { shown: formatSize(0), all: formatSize(bytes) })
  try {
    await files.prepare((more) => {
      done += more
      bar.update(done, { shown: formatSize(done) })
    })
  } finally {
    bar.stop()
  }
}

/** One line on the terminal, in the place of the one before; nothing elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}

/**
 * What a case has started ends with this process; the file is removed by its `exit` event. `left` says
 * what there is of the run.
 */
function endEarly(left: () => string): void {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      endRunningCase()
      progress('')
      process.stderr.write(`bench: ended by ${signal}: ${left()}\n`)
      process.exit(exitCode)
    })
  }
  // Nobody reads the results any more: there is no use in measuring on.
  process.stdout.once('error', () => {
    endRunningCase()
    process.exit(141)
  })
}

function interruptedText(folder: string, measured: number, wanted: number): string {
  if (measured === 0) return 'nothing was measured'
  const report = `npm run bench:report -- ${folder}`
  return `${measured} of ${wanted} comparisons are in ${folder}; '${report}' draws them`
}
