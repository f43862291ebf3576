import { type Command, InvalidArgumentError } from 'commander'
import { commandOf, fromUser, parsed } from '../command-line.ts'

export interface CompareOptions {
  /** As the user has named them. */
  readonly places: readonly [a: string, b: string]
  /** The same as absolute paths. */
  readonly paths: readonly [a: string, b: string]
  readonly alpha: number
  readonly all: boolean
  readonly json: boolean
}

const NOTES = `
A and B are results.json files, or the folders that they are in. For each metric that both have,
the rounds of A and B are put in one order (the Mann–Whitney test): p is how likely an order as
uneven as theirs is if nothing has changed. The more metrics are looked at, the smaller p must be:
it is multiplied for that (Holm's correction), so that all together show a change where there is
none in at most one of twenty comparisons, for alpha 0.05. The ratio is the median of those of all
pairs of rounds (Hodges and Lehmann), with the extremes. No change shown does not mean that there is
none.

Exit codes: 0 nothing got significantly worse; 1 something did; 2 bad options, or files that cannot
be read.`

/** Reads the command line. Throws a UserError of one line; null when help was asked for. */
export function parseCompareOptions(args: readonly string[]): CompareOptions | null {
  const command = describe()
  if (!parsed(command, args)) return null
  const [a, b] = command.args as [string, string]
  const { alpha, all = false, json = false } = command.opts()
  return { places: [a, b], paths: [fromUser(a), fromUser(b)], alpha, all, json }
}

function describe(): Command {
  return commandOf('npm run bench:compare --')
    .usage('[options] <A> <B>')
    .description('What changed from one result of the benchmarks to another.')
    .argument('<A>', 'the results from before')
    .argument('<B>', 'the results from after')
    .option('--alpha <p>', 'how often a change may be shown where there is none', alphaOf, 0.05)
    .option('--all', 'list the metrics without a change too')
    .option('--json', 'print it as JSON')
    .addHelpText('after', NOTES)
}

function alphaOf(text: string): number {
  const alpha = /^\d*\.?\d+(e-\d+)?$/i.test(text) ? Number(text) : Number.NaN
  if (!(alpha > 0 && alpha < 1)) {
    throw new InvalidArgumentError('It must be a number between 0 and 1.')
  }
  return alpha
}
