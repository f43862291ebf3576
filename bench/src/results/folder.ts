import fs from 'node:fs'
import path from 'node:path'
import type { Machine } from '../machine.ts'
import { UserError } from '../user-error.ts'
import { RESULTS_FORMAT, type Results } from './results.ts'

const DEFAULT_PARENT = path.join(import.meta.dirname, '../../results')
export const RESULTS_FILE = 'results.json'

/** Where a run leaves what it has measured. It is made at once: better refused now than in an hour. */
export class ResultsFolder {
  readonly path: string
  readonly #made: boolean

  /** `given`, or a new one in bench/results, named after date and commit. */
  constructor(given: string | undefined, { date, commit }: Machine) {
    this.path = given ?? unusedFolder(path.join(DEFAULT_PARENT, `${date.slice(0, 10)}-${commit}`))
    try {
      this.#made = makeFolders(this.path)
      fs.accessSync(this.path, fs.constants.W_OK | fs.constants.X_OK)
    } catch (error) {
      throw new UserError(`no results can be written: ${(error as Error).message}; see --out`, 1)
    }
    process.once('exit', this.#removeEmpty)
  }

  /** Writes a file whole or not at all, in the place of one that is there; makes its sub-folder. */
  write(name: string, text: string): void {
    const target = path.join(this.path, name)
    const unfinished = `${target}.${process.pid}`
    try {
      makeFolders(path.dirname(target))
      fs.writeFileSync(unfinished, text)
      fs.renameSync(unfinished, target)
    } catch (error) {
      fs.rmSync(unfinished, { force: true })
      throw new UserError(`${name} cannot be written: ${(error as Error).message}`, 1)
    }
  }

  /** A run that ended early leaves no folder of nothing. */
  readonly #removeEmpty = (): void => {
    if (!this.#made) return
    try {
      fs.rmdirSync(this.path)
    } catch {
      // It holds results, or somebody has removed it.
    }
  }
}

/** False when it is there already. By ourselves: mkdirSync's `recursive` never returns below /proc. */
function makeFolders(folder: string): boolean {
  if (fs.existsSync(folder)) return false
  makeFolders(path.dirname(folder))
  fs.mkdirSync(folder)
  return true
}

function unusedFolder(folder: string): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? folder : `${folder}-${number}`
    if (!fs.existsSync(candidate)) return candidate
  }
}

/** Reads a `results.json`, or the one in a folder. Throws a UserError that says what is wrong. */
export function readResults(place: string): Results {
  let text: string
  let file = place
  try {
    if (fs.statSync(place).isDirectory()) file = path.join(place, RESULTS_FILE)
    text = fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError(`no results can be read: ${(error as Error).message}`, 2)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // The message quotes the text, line breaks included.
    const reason = (error as Error).message.replaceAll(/\s+/g, ' ')
    throw new UserError(`${file} is no JSON: ${reason}`, 2)
  }
  if (!isResults(value)) {
    throw new UserError(`${file} holds no results of format ${RESULTS_FORMAT}`, 2)
  }
  return value
}

/** Whether it has the outline of results: another program's file is refused, not what was edited. */
function isResults(value: unknown): value is Results {
  const { format, machine, options, programs, comparisons } = (value ?? {}) as Partial<Results>
  if (format !== RESULTS_FORMAT || !machine || !options || !Array.isArray(programs)) return false
  return (
    Array.isArray(comparisons) &&
    comparisons.every((comparison) =>
      [comparison?.cases, comparison?.figures, comparison?.rounds, comparison?.metrics].every(
        Array.isArray,
      ),
    )
  )
}
