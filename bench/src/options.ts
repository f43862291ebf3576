import { Argument, type Command, InvalidArgumentError } from 'commander'
import { commandOf, fromUser, parsed } from './command-line.ts'
import { COMPARISONS } from './comparisons.ts'
import { BLOCK_BYTES } from './meter.ts'
import { parseSize } from './sizes.ts'
import { UserError } from './user-error.ts'

export interface Options {
  /** Only make the files. */
  readonly generate: boolean
  readonly quick: boolean
  /** Names of comparisons, in the order in which they run. */
  readonly only: readonly string[]
  readonly rounds: number
  /** How long each case is measured in each round. */
  readonly seconds: number
  /** How many files. */
  readonly files: number
  /** Bytes of each file, a multiple of a block. */
  readonly size: number
  /** Absolute path of the first; undefined for temporary files. */
  readonly file: string | undefined
  readonly json: boolean
  /** Absolute path of the folder for the results; undefined for one in bench/results. */
  readonly out: string | undefined
}

type Given = Partial<Options>

const FULL = { rounds: 5, seconds: 1, files: 4, size: 256 * 2 ** 20 }
const QUICK = { rounds: 2, seconds: 0.1, files: 2, size: 16 * 2 ** 20 }
const FILES_MAX = 4096
const SIZE_MIN = 1024 * BLOCK_BYTES
const NAMES = Object.keys(COMPARISONS)

const NOTES = `
Each case runs in a process of its own, the cases of a comparison in alternating rounds. Ratios are
taken within each round; the table gives their median and spread, and the bound that was set.

Comparisons:
${families(NAMES).join('\n')}

A name also stands for all that begin with it: --only random-reads-warm,copy. With -x2 or -x4 two or
four workers post, else the main thread does. All of them take about two hours.

Exit codes: 0 all was measured, whether or not the bounds were met; 1 a case failed; 2 bad options;
130, 143 interrupted (Ctrl-C, SIGTERM).`

/** Names that differ in numbers only stand in one line, with braces as a shell has them. */
function families(names: readonly string[]): string[] {
  const variants = new Map<string, string[]>()
  for (const name of names) {
    const [, family = name, variant] = /^(.*?)-(\d.*)$/.exec(name) ?? []
    const known = variants.get(family) ?? []
    variants.set(family, variant === undefined ? known : [...known, variant])
  }
  return [...variants].map(([family, numbers]) => {
    if (numbers.length === 0) return `  ${family}`
    return `  ${family}-${numbers.length === 1 ? numbers[0] : `{${numbers.join(',')}}`}`
  })
}

/** Reads the command line. Throws a UserError of one line; null when help was asked for. */
export function parseOptions(args: readonly string[]): Options | null {
  const command = describe()
  let generate = false
  command.action((what: string | undefined) => {
    generate = what !== undefined
  })
  if (!parsed(command, args)) return null
  const given: Given = command.opts()
  if (generate && given.file === undefined) {
    throw new UserError('generate makes the files that --file names, and there is none', 2)
  }
  return {
    quick: false,
    json: false,
    generate,
    only: NAMES,
    ...(given.quick ? QUICK : FULL),
    ...given,
    file: given.file === undefined ? undefined : fromUser(given.file),
    out: given.out === undefined ? undefined : fromUser(given.out),
  }
}

function describe(): Command {
  return commandOf('npm run bench --')
    .usage('[generate] [options]')
    .description('Ratios against node:fs, C programs and fio, on real files.')
    .addArgument(
      new Argument('[generate]', 'only make the files, or mend them; then end').choices([
        'generate',
      ]),
    )
    .option('--quick', 'a smoke run: few, short rounds on a small file; the figures mean little')
    .option('--only <names>', 'comparisons to run, with commas between (default: all)', namesOf)
    .option('--rounds <n>', 'rounds of each comparison (default: 5)', roundsOf)
    .option('--seconds <n>', 'time that a case is measured in a round (default: 1)', secondsOf)
    .option('--files <n>', 'files to work on (default: 4)', filesOf)
    .option('--size <size>', 'bytes of each file, as in 64MiB (default: 256MiB)', sizeOf)
    .option(
      '--file <path>',
      'the first file, the others have .1, .2 … behind; they are kept (default: temporary ones)',
    )
    .option('--out <folder>', 'folder for the results (default: bench/results/<date>-<commit>)')
    .option('--json', 'print the results as JSON')
    .addHelpText('after', NOTES)
}

function namesOf(text: string): string[] {
  const asked = text.split(',').map((name) => name.trim())
  const matches = (name: string, part: string) => name === part || name.startsWith(`${part}-`)
  const unknown = asked.find((part) => !NAMES.some((name) => matches(name, part)))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`There is no '${unknown}'.`)
  }
  return NAMES.filter((name) => asked.some((part) => matches(name, part)))
}

function roundsOf(text: string): number {
  const rounds = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(rounds >= 1 && rounds <= 1000)) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
  }
  return rounds
}

function filesOf(text: string): number {
  const files = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(files >= 1 && files <= FILES_MAX)) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${FILES_MAX}.`)
  }
  return files
}

function secondsOf(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds >= 0.01 && seconds <= 3600)) {
    throw new InvalidArgumentError('It must be a number from 0.01 to 3600.')
  }
  return seconds
}

function sizeOf(text: string): number {
  const bytes = parseSize(text)
  if (!(bytes % BLOCK_BYTES === 0 && bytes >= SIZE_MIN && bytes <= 2 ** 44)) {
    throw new InvalidArgumentError('It must be a multiple of 4096, from 4MiB to 16TiB.')
  }
  return bytes
}
