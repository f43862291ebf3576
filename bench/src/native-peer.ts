import { spawn, spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** What one run of the program in C is to do. */
export interface NativeOptions {
  /** With `mmap`, reads copy out of a mapping. */
  readonly mode: 'pread' | 'mmap'
  /** Writes need the mode `pread`. */
  readonly operation: 'read' | 'write'
  /** From 1 to 512; each has one operation in flight. */
  readonly threads: number
  readonly seconds: number
  readonly warmUpSeconds: number
  /** Past the page cache, with O_DIRECT. */
  readonly direct: boolean
  /** Of an operation: a multiple of 4096; a read may also be of the first 512, 1024 or 2048. */
  readonly blockBytes: number
  /** Of each file, from its beginning, that operations are drawn from. */
  readonly fileBytes: number
  /** The id in the blocks of a file is its index here. */
  readonly files: readonly string[]
}

/** What the program measured, from the end of the warm-up on. */
export interface NativeResult {
  readonly operations: number
  readonly seconds: number
  /** CPU time of all threads. */
  readonly userMicros: number
  readonly systemMicros: number
  /** Peak of the memory; what is touched of mappings is in it. */
  readonly rssKiB: number
  readonly contextSwitches: number
  /** Exact. */
  readonly maxMicros: number
  /** Latencies in 864 buckets of 1/16 microsecond and wider; ascending, no empty one. */
  readonly buckets: ReadonlyArray<readonly [bucket: number, count: number]>
  /** The span is cut in 40 slots; a row is eight buckets. Only where there are any. */
  readonly overTime: ReadonlyArray<readonly [slot: number, row: number, count: number]>
}

const FLAGS = ['-std=c11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread']
const COMPILERS = ['cc', 'gcc', 'clang']
/** These are found from `src` and from `dist`. */
const SOURCES = fileURLToPath(new URL('../native/', import.meta.url))
const BUILD = fileURLToPath(new URL('../build/', import.meta.url))

/** Path of the program, which is built first when its sources are new. Throws when it cannot be. */
export function nativeProgram(): string {
  const program = `${BUILD}blocks-${fingerprint()}`
  if (existsSync(program)) return program
  const [command, ...args] = compiler()
  mkdirSync(BUILD, { recursive: true })
  // Another process may be building it too, and none may run half of it.
  const unfinished = `${program}-${randomUUID()}`
  try {
    const { status, stderr, error } = spawnSync(
      command,
      [...args, ...FLAGS, `${SOURCES}blocks.c`, '-o', unfinished],
      { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
    )
    if (error !== undefined) throw error
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${firstError(stderr)}`)
    renameSync(unfinished, program)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return program
}

/** Why the program cannot be built here, in one line; null when it can, or is there already. */
export function nativeRefusal(): string | null {
  try {
    nativeProgram()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** Runs the program. Rejects with what it said when it fails: wrong data is a failure. */
export async function runNative(options: NativeOptions): Promise<NativeResult> {
  const child = spawn(nativeProgram(), nativeArguments(options), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const how = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
  if (how !== 0) throw new Error(`blocks.c ended with ${how}${errors && `: ${errors.trim()}`}`)
  return JSON.parse(output) as NativeResult
}

function nativeArguments(options: NativeOptions): string[] {
  return [
    `--mode=${options.mode}`,
    `--operation=${options.operation}`,
    `--threads=${options.threads}`,
    `--seconds=${options.seconds}`,
    `--warm-up=${options.warmUpSeconds}`,
    `--direct=${options.direct ? 1 : 0}`,
    `--block=${options.blockBytes}`,
    `--size=${options.fileBytes}`,
    '--',
    ...options.files,
  ]
}

/** Of all that decides what is built, without a look at the compiler. */
function fingerprint(): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([FLAGS, process.env.CC ?? '', process.arch]))
  for (const name of readdirSync(SOURCES).sort()) {
    hash.update(`\0${name}\0`).update(readFileSync(`${SOURCES}${name}`))
  }
  return hash.digest('hex').slice(0, 16)
}

/** The compiler's command and its first arguments: CC may hold both, as in `ccache gcc`. */
function compiler(): [command: string, ...args: string[]] {
  const wanted = process.env.CC?.trim()
  if (wanted) {
    const [command, ...args] = wanted.split(/\s+/) as [string, ...string[]]
    if (!isThere(command)) throw new Error(`the C compiler that CC names is not there: ${command}`)
    return [command, ...args]
  }
  const found = COMPILERS.find(isThere)
  if (found !== undefined) return [found]
  throw new Error('no C compiler is installed (apt-get install gcc libc6-dev)')
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** The line of a compiler's output that says what is wrong; those before say where. */
function firstError(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /\berror\b/.test(line)) ?? lines[0] ?? 'it does not say why'
}
