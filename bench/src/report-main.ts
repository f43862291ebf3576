import path from 'node:path'
import { commandOf, fromUser, parsed, runProgram } from './command-line.ts'
import { ResultsFolder, readResults } from './results/folder.ts'

interface Options {
  /** Absolute path of a folder with results, or of a file of them. */
  readonly place: string
  /** Absolute path of the folder for the report. */
  readonly out: string
}

await runProgram(async () => {
  const options = parseOptions(process.argv.slice(2))
  if (options !== null) await main(options)
  return 0
})

async function main({ place, out }: Options): Promise<void> {
  const results = readResults(place)
  // Drawing takes a large library: what is wrong is said before it is loaded.
  const { REPORT_FILE, writeReport } = await import('./write-report.ts')
  const folder = new ResultsFolder(out, results.machine)
  writeReport(folder, results)
  process.stdout.write(`report: ${path.join(folder.path, REPORT_FILE)}\n`)
}

/** Null when help was asked for. */
function parseOptions(args: readonly string[]): Options | null {
  const command = commandOf('npm run bench:report --')
    .description('Makes report.html and the pictures anew from the results of a run.')
    .argument('<folder>', 'folder with a results.json, or that file')
    .option('--out <folder>', 'folder for the report (default: where the results are)')
  if (!parsed(command, args)) return null
  const place = fromUser(command.args[0]!)
  const { out } = command.opts<{ out?: string }>()
  const beside = place.endsWith('.json') ? path.dirname(place) : place
  return { place, out: out === undefined ? beside : fromUser(out) }
}
