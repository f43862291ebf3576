import type { BenchFiles } from '../data/bench-files.ts'
import type { Machine } from '../machine.ts'
import type { Options } from '../options.ts'
import { programVersions } from '../programs.ts'
import { type ComparisonResult, RESULTS_FORMAT, type Results } from './results.ts'

/** The results of a run while it goes on. */
export interface RunResults extends Results {
  readonly comparisons: ComparisonResult[]
}

/** Of a run that begins. */
export function emptyResults(machine: Machine, options: Options, files: BenchFiles): RunResults {
  const { quick, only, rounds, seconds, size } = options
  const places = { files: files.paths.length, file: files.paths[0]! }
  return {
    format: RESULTS_FORMAT,
    machine,
    options: { quick, only, rounds, seconds, size, ...places },
    programs: programVersions(),
    comparisons: [],
  }
}

/** As they stand in results.json, and as `--json` prints them. */
export function resultsText(results: Results): string {
  return `${JSON.stringify(results)}\n`
}

/** Whether any case could not be measured that should have been. */
export function hasFailed({ comparisons }: Results): boolean {
  return comparisons.some(({ cases }) => cases.some(({ failed }) => failed !== null))
}
