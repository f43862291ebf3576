// Random operations from many threads at once, and a checker that verifies everything they saw.
//
//   npm run test:random -- [--operations N] [--engine NAME] [--seed N] [--directory PATH] [--keep]
//
// Goes in rounds of up to 250,000 operations. Each is a process of its own, with a new actor whose
// options the seed draws, and is then verified by the checker, in another process. The seed of a
// round is that of the run plus the number of the round, so that a round can be repeated alone.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Plan } from './plan.ts'
import { Random } from './random.ts'
import type { RoundOrders } from './round.ts'

const ENGINES: readonly Plan['engine'][] = ['io_uring', 'threadpool']
const ROUND_OPERATIONS = 250_000
/** Then a round is given up; what it has written is checked all the same. */
const ROUND_MILLIS_MAX = 900_000

interface RoundReport {
  readonly seconds: number
  readonly inFlight: number
  readonly overflow: number
  readonly openFiles: number
}

interface CheckReport {
  readonly operations: number
  readonly blockReads: number
  readonly dumps: number
  readonly failed: number
  readonly aborted: number
}

interface Settings {
  readonly operations: number
  readonly engines: readonly Plan['engine'][]
  readonly seed: number
  readonly directory: string
  readonly keep: boolean
}

process.exitCode = await main(settings())

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      operations: { type: 'string', default: '1000000' },
      engine: { type: 'string', default: 'all' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      directory: { type: 'string', default: os.tmpdir() },
      keep: { type: 'boolean', default: false },
    },
  })
  const engines = ENGINES.filter((engine) => values.engine === 'all' || values.engine === engine)
  const operations = whole('operations', values.operations)
  const seed = whole('seed', values.seed)
  if (engines.length === 0) fail(`--engine must be one of all, ${ENGINES.join(', ')}`)
  const directory = path.resolve(process.env.INIT_CWD ?? '.', values.directory)
  return { operations, engines, seed, directory, keep: values.keep }
}

function whole(name: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0
  if (name === 'operations' && value === 0) fail('--operations must be a number above 0')
  return value
}

function fail(message: string): never {
  console.error(`random: ${message}`)
  process.exit(2)
}

async function main({ operations, engines, seed, directory, keep }: Settings): Promise<number> {
  const rounds = Math.max(engines.length, Math.ceil(operations / ROUND_OPERATIONS))
  const each = Math.ceil(operations / rounds)
  console.log(`random: seed ${seed}, ${operations} operations in ${rounds} rounds`)
  const began = performance.now()
  let done = 0
  let roundSeconds = 0
  for (let number = 0; number < rounds; number++) {
    const folder = mkdtempSync(path.join(directory, 'uring-actor-random-'))
    const orders = drawOrders(folder, seed + number, engines[number % engines.length]!, each)
    const result = await runRound(orders)
    if (result === null) {
      console.log(`random: FAILED; its histories and files are in ${folder}; again with:`)
      const options = `--seed ${orders.seed} --operations ${each} --engine ${orders.engine}`
      console.log(`  npm run test:random -- ${options}`)
      return 1
    }
    done += result.operations
    roundSeconds += result.seconds
    if (!keep) rmSync(folder, { recursive: true })
  }
  const all = Math.round((performance.now() - began) / 1000)
  const rate = Math.round(done / roundSeconds)
  console.log(`random: ${done} operations, ${rate} a second, ${all} s with all checks: ok`)
  return 0
}

/** Small queues and memories too: whoever finds no room waits. */
function drawOrders(
  directory: string,
  seed: number,
  engine: Plan['engine'],
  operations: number,
): RoundOrders {
  const random = new Random(seed, 0)
  return {
    directory,
    seed,
    engine,
    operations,
    queueDepth: random.pick([16, 128, 1024]),
    channelDepth: random.pick([32, 64, 1024]),
    arenaBytes: random.pick([4, 16, 64]) * 2 ** 20,
  }
}

/** Runs and checks one round; null when anything is wrong. */
async function runRound(
  orders: RoundOrders,
): Promise<{ operations: number; seconds: number } | null> {
  const { directory, engine, seed, queueDepth, channelDepth, arenaBytes } = orders
  const round = await runScript<RoundReport>('./round.js', JSON.stringify(orders))
  const check = await runScript<CheckReport>('./checker/main.js', directory)
  const options = `queue ${queueDepth}, channel ${channelDepth}, arena ${arenaBytes / 2 ** 20} MiB`
  const how = `seed ${seed}, ${engine}, ${options}`
  if (round === null || check === null) {
    console.log(`  ${how}: ${round === null ? 'the round failed' : 'the checker found faults'}`)
    return null
  }
  const { operations, blockReads, dumps, failed, aborted } = check
  const { seconds, inFlight, overflow, openFiles } = round
  console.log(
    `  ${how}: ${operations} operations, ${Math.round(operations / seconds)} a second; ` +
      `${blockReads} blocks read, ${dumps} of them amid a write; ` +
      `${failed} refused as expected, ${aborted} aborted`,
  )
  if (inFlight + overflow + openFiles === 0) return { operations, seconds }
  console.log(
    `  left: ${inFlight} in flight, ${openFiles} files; ${overflow} completions overflowed`,
  )
  return null
}

/** The JSON that a script prints; null when it fails. */
function runScript<T>(script: string, argument: string): Promise<T | null> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(process.execPath, [file, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: ROUND_MILLIS_MAX,
    killSignal: 'SIGKILL',
  })
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code === 0 ? (JSON.parse(printed) as T) : null))
  })
}
