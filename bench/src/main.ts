import { dirname } from 'node:path'
import { BenchFile } from './bench-file.ts'
import { COMPARISONS } from './comparisons.ts'
import { describeMachine } from './machine.ts'
import { type Options, parseOptions } from './options.ts'
import { closingText, comparisonText, machineText } from './report.ts'
import { type ComparisonResult, runComparison } from './rounds.ts'
import { endRunningCase } from './run-case.ts'
import { UserError } from './user-error.ts'

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

try {
  const options = parseOptions(process.argv.slice(2))
  if (options !== null) process.exitCode = await main(options)
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(`bench: ${error.message}`)
  process.exitCode = error.exitCode
}

/** Returns the exit code. */
async function main(options: Options): Promise<number> {
  const { size, seconds, quick, rounds, json } = options
  endEarly()
  const file = new BenchFile(options.file, size)
  const machine = describeMachine(dirname(file.path))
  const print = json ? () => {} : (text: string) => process.stdout.write(text)
  print(machineText(machine, options))
  const results: ComparisonResult[] = []
  for (const name of options.only) {
    const comparison = await COMPARISONS[name]!()
    const result = await runComparison(name, comparison, file, {
      rounds,
      input: { file: file.path, size, seconds, quick },
      progress,
    })
    progress('')
    print(comparisonText(comparison, result))
    results.push(result)
  }
  print(closingText(results))
  file.remove()
  if (json) {
    const { only, file: _file, ...numbers } = options
    const report = { machine, options: { ...numbers, file: file.path, only }, comparisons: results }
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  }
  return results.some(({ cases }) => cases.some(({ failed }) => failed !== null)) ? 1 : 0
}

/** One line on the terminal, in the place of the one before; nothing elsewhere. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`)
}

/** What a case has started ends with this process; the file is removed by its `exit` event. */
function endEarly(): void {
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.once(signal, () => {
      endRunningCase()
      progress('')
      process.exit(exitCode)
    })
  }
  // Nobody reads the results any more: there is no use in measuring on.
  process.stdout.once('error', () => {
    endRunningCase()
    process.exit(141)
  })
}
