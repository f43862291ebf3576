import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { BLOCK_BYTES } from './block.ts'
import { counted, formatSize, parseSize, sizeOption } from './sizes.ts'
import { UserError } from './user-error.ts'

/** Reads, writes and trims, as shares of 100. */
export type Mix = readonly [number, number, number]

const ENGINES = ['auto', 'io_uring', 'threadpool'] as const

type Engine = (typeof ENGINES)[number]

/** What the main job is asked to do. */
export interface Options {
  /** Absolute path; undefined for a temporary file. */
  readonly file: string | undefined
  readonly force: boolean
  /** Bytes, a multiple of a block. */
  readonly size: number
  readonly seconds: number
  readonly workers: number
  /** Operations that each worker keeps in flight. */
  readonly depth: number
  readonly direct: boolean
  readonly mix: Mix
  readonly engine: Engine
  readonly seed: number
  readonly json: boolean
  readonly corrupt: boolean
}

const NOTES = `
It fills the file with blocks of 4 KiB that each carry their number, a version and
a checksum, does random operations on them from all workers, verifying every block
it reads, and at the end reads every block once more.

Exit codes: 0 every byte was right; 1 a wrong byte, or the job failed; 2 bad
options; 130, 143 interrupted (Ctrl-C, SIGTERM), with what was done so far.
The progress line is drawn only on a terminal. The variable URING_ACTOR_ENGINE goes
before --engine.

Examples:
  npm start
  npm start -- --direct --seconds 30 --depth 128
  npm start -- --file /mnt/disk/test.blocks --size 4GiB --mix 50/50/0
  npm start --silent -- --json > result.json`

/** Reads the command line. Throws a UserError of one line; help goes to stdout and ends the job. */
export function parseOptions(args: readonly string[]): Options | null {
  const command = describe()
  try {
    command.parse(args, { from: 'user' })
    return checked(command.opts())
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return null
    const line = error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
    throw new UserError(`${line} (--help lists the options)`, 2)
  }
}

function describe(): Command {
  return new Command('npm start --')
    .usage('[options]')
    .description('A verified workload on a real file, from many workers, through one io_uring.')
    .option('--file <path>', 'file to work on; it is kept (default: a temporary one)')
    .option('--force', 'overwrite --file though this program did not make it', false)
    .option('--size <size>', 'bytes of the file, as in 64KiB, 256MiB, 1GiB', sizeOf, 256 * 2 ** 20)
    .option('--seconds <n>', 'how long the random operations last', secondsOf, 10)
    .option('--workers <n>', 'worker threads (default: one per core)', whole(1, 256))
    .option('--depth <n>', 'operations in flight per worker', whole(1, 1000), 32)
    .option('--direct', 'bypass the page cache (O_DIRECT)', false)
    .option('--mix <r/w/t>', 'percent of reads, writes and trims', mixOf, [70, 25, 5] as Mix)
    .addOption(
      new Option('--engine <name>', 'auto, io_uring or threadpool: what does the I/O')
        .choices(ENGINES)
        .default('auto'),
    )
    .option('--seed <n>', 'of the random numbers (default: a new one)', whole(0, 2 ** 32 - 1))
    .option('--json', 'print the result as JSON', false)
    .option('--corrupt', 'damage one byte before the last check, to see it fail', false)
    .addHelpText('after', NOTES)
    .configureHelp({ helpWidth: 80, optionDescription })
    .configureOutput({ writeErr: () => {} })
    .exitOverride()
}

/** Defaults as they are written on the command line, not as JavaScript prints them. */
function optionDescription(option: { description: string; defaultValue?: unknown }): string {
  const { description, defaultValue: value } = option
  if (value === undefined || value === false) return description
  if (Array.isArray(value)) return `${description} (default: ${value.join('/')})`
  const size = typeof value === 'number' && value > 2 ** 20
  return `${description} (default: ${size ? formatSize(value).replace(' ', '') : value})`
}

type Parsed = Omit<Options, 'workers' | 'seed'> & { workers?: number; seed?: number }

/** What holds between options. */
function checked(parsed: Parsed): Options {
  const workers = parsed.workers ?? availableParallelism()
  const seed = parsed.seed ?? Math.floor(Math.random() * 2 ** 32)
  const blocks = parsed.size / BLOCK_BYTES - 1
  const needed = workers * parsed.depth
  if (blocks < needed) {
    throw new UserError(
      `--size ${sizeOption(parsed.size)} is too small: ${counted(workers, 'worker')} with ` +
        `${counted(parsed.depth, 'operation')} in flight ${workers === 1 ? 'needs' : 'need'} ` +
        `at least ${sizeOption((needed + 1) * BLOCK_BYTES)}`,
      2,
    )
  }
  if (parsed.force && parsed.file === undefined) {
    throw new UserError('--force goes with --file', 2)
  }
  // npm runs the job in the folder of package.json; paths are meant from where the user is.
  const from = process.env.INIT_CWD ?? process.cwd()
  const file = parsed.file === undefined ? undefined : path.resolve(from, parsed.file)
  return { ...parsed, file, workers, seed }
}

function sizeOf(text: string): number {
  const bytes = parseSize(text)
  if (!Number.isInteger(bytes) || bytes % BLOCK_BYTES !== 0 || bytes === 0) {
    throw new InvalidArgumentError('It must be a multiple of 4096 bytes, as in 64KiB or 1GiB.')
  }
  if (bytes > 2 ** 40) throw new InvalidArgumentError('It must be at most 1TiB.')
  return bytes
}

function secondsOf(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds > 0 && seconds <= 1e6)) {
    throw new InvalidArgumentError('It must be a number above 0, at most 1000000.')
  }
  return seconds
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    }
    return value
  }
}

function mixOf(text: string): Mix {
  const parts = text.split('/')
  const shares = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN))
  const [reads = 0, writes = 0, trims = 0] = shares
  if (parts.length !== 3 || reads + writes + trims !== 100) {
    throw new InvalidArgumentError('It must be three percentages that sum to 100, as in 70/25/5.')
  }
  return [reads, writes, trims]
}
