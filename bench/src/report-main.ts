import path from 'node:path'
import { Command, CommanderError } from 'commander'
import { ResultsFolder, readResults } from './results/folder.ts'
import { UserError } from './user-error.ts'

interface Options {
  /** Absolute path of a folder with results, or of a file of them. */
  readonly place: string
  /** Absolute path of the folder for the report. */
  readonly out: string
}

try {
  const options = parseOptions(process.argv.slice(2))
  if (options !== null) await main(options)
} catch (error) {
  if (!(error instanceof UserError)) throw error
  console.error(`bench: ${error.message}`)
  process.exitCode = error.exitCode
}

async function main({ place, out }: Options): Promise<void> {
  const results = readResults(place)
  // Drawing takes a large library: what is wrong is said before it is loaded.
  const { REPORT_FILE, writeReport } = await import('./write-report.ts')
  const folder = new ResultsFolder(out, results.machine)
  writeReport(folder, results)
  process.stdout.write(`report: ${path.join(folder.path, REPORT_FILE)}\n`)
}

/** Reads the command line. Throws a UserError of one line; null when help was asked for. */
function parseOptions(args: readonly string[]): Options | null {
  const command = describe()
  try {
    command.parse(args, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return null
    const line = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
    throw new UserError(`${line} (--help lists the options)`, 2)
  }
  // npm runs the program in the folder of package.json; paths are meant from where the user is.
  const from = process.env.INIT_CWD ?? process.cwd()
  const place = path.resolve(from, command.args[0]!)
  const { out } = command.opts<{ out?: string }>()
  const beside = place.endsWith('.json') ? path.dirname(place) : place
  return { place, out: out === undefined ? beside : path.resolve(from, out) }
}

function describe(): Command {
  return new Command('npm run bench:report --')
    .description('Makes report.html and the pictures anew from the results of a run.')
    .argument('<folder>', 'folder with a results.json, or that file')
    .option('--out <folder>', 'folder for the report (default: where the results are)')
    .configureHelp({ helpWidth: 100 })
    .configureOutput({ writeErr: () => {} })
    .allowExcessArguments(false)
    .exitOverride()
}
