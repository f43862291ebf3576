// Sets up what is needed, then runs the compiled tests, each file in a process of its own.
//
//   node scripts/test.mjs [FILTER...] [--test-OPTION...]
//
// A filter is a part of a test file's path; with several, a file that matches any of them runs.
// Options that begin with --test- go to Node's test runner, as --test-name-pattern=REGEXP.
import './lib/node-version.mjs'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { cleanUpOnSignal, filesBelow, root, run, runMain, SetupError } from './lib/project.mjs'
import { setup } from './setup.mjs'

// For one test, and for one file as a whole.
const TEST_MILLIS_MAX = 300_000
// For all of them; only reached if a test process survives SIGTERM.
const ALL_MILLIS_MAX = 40 * 60_000

/**
 * The compiled form of every test source. Found by their sources, so that what was compiled from
 * a test that is gone does not run.
 */
function compiledTests() {
  return filesBelow(['packages', 'start', 'examples', 'bench', 'test'])
    .filter((file) => file.endsWith('.test.ts'))
    .map(compiledForm)
}

/**
 * Where tsc puts what it makes of a source, as the nearest tsconfig.json above it says.
 * @param {string} file relative to the root
 */
function compiledForm(file) {
  let project = path.dirname(file)
  while (!existsSync(path.join(root, project, 'tsconfig.json'))) project = path.dirname(project)
  const config = JSON.parse(readFileSync(path.join(root, project, 'tsconfig.json'), 'utf8'))
  const { rootDir, outDir } = config.compilerOptions
  const inProject = path.relative(path.join(project, rootDir), file)
  return path.join(project, outDir, inProject.replace(/\.ts$/, '.js'))
}

/** @param {string[]} args */
async function main(args) {
  const options = args.filter((arg) => arg.startsWith('--test-'))
  const filters = args.filter((arg) => !options.includes(arg))
  await setup()
  const all = compiledTests()
  const chosen =
    filters.length === 0 ? all : all.filter((file) => filters.some((part) => file.includes(part)))
  if (chosen.length === 0) {
    throw new SetupError(`test: none of ${all.length} test files matches ${filters.join(' ')}`)
  }
  const missing = chosen.find((file) => !existsSync(path.join(root, file)))
  if (missing !== undefined) throw new SetupError(`test: ${missing} was not compiled`)

  const scratch = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-test-'))
  const removeScratch = () => rmSync(scratch, { recursive: true, force: true })
  const forget = cleanUpOnSignal(removeScratch)
  try {
    const totals = path.join(scratch, 'totals.json')
    const result = await run(
      process.execPath,
      [
        '--expose-gc',
        '--test',
        '--test-concurrency=2',
        `--test-timeout=${TEST_MILLIS_MAX}`,
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        `--test-reporter=${path.join(root, 'scripts/lib/totals-reporter.mjs')}`,
        `--test-reporter-destination=${totals}`,
        ...options,
        ...chosen,
      ],
      { show: true, timeoutMillis: ALL_MILLIS_MAX },
    )
    return closingLine(result, totals)
  } finally {
    forget()
    removeScratch()
  }
}

/**
 * Says in one plain line how it went.
 * @param {{ code: number, timedOut: boolean }} result
 * @param {string} file written by the reporter
 * @returns {number} the exit code
 */
function closingLine(result, file) {
  if (result.timedOut) throw new SetupError('test: the tests took too long and were stopped')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (text === '') throw new SetupError(`test: the test runner ended early (exit ${result.code})`)
  const totals = JSON.parse(text)
  process.stdout.write(
    `\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`,
  )
  if (result.code !== 0) return result.code
  if (totals.failed > 0) return 1
  if (totals.passed === 0) throw new SetupError('test: no test ran')
  return 0
}

await runMain(() => main(process.argv.slice(2)))
