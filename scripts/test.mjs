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
    // What counts the system calls of a process must not share the processors with another test.
    const alone = chosen.filter((file) => file.includes('.alone.'))
    const together = chosen.filter((file) => !alone.includes(file))
    const totals = { passed: 0, failed: 0, skipped: 0, code: 0 }
    for (const [files, concurrency] of [
      /** @type {const} */ ([together, 2]),
      /** @type {const} */ ([alone, 1]),
    ]) {
      if (files.length > 0) await runFiles(files, concurrency, options, scratch, totals)
    }
    return closingLine(totals)
  } finally {
    forget()
    removeScratch()
  }
}

/** @typedef {{ passed: number, failed: number, skipped: number, code: number }} Totals */

/**
 * Runs test files, so many at a time, and adds their results up.
 * @param {string[]} files
 * @param {number} concurrency
 * @param {string[]} options for node's test runner
 * @param {string} scratch a folder for what the reporter writes
 * @param {Totals} totals
 */
async function runFiles(files, concurrency, options, scratch, totals) {
  const written = path.join(scratch, `totals-${concurrency}.json`)
  const result = await run(
    process.execPath,
    [
      '--expose-gc',
      '--test',
      `--test-concurrency=${concurrency}`,
      `--test-timeout=${TEST_MILLIS_MAX}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${path.join(root, 'scripts/lib/totals-reporter.mjs')}`,
      `--test-reporter-destination=${written}`,
      ...options,
      ...files,
    ],
    { show: true, timeoutMillis: ALL_MILLIS_MAX },
  )
  if (result.timedOut) throw new SetupError('test: the tests took too long and were stopped')
  const text = existsSync(written) ? readFileSync(written, 'utf8') : ''
  if (text === '') throw new SetupError(`test: the test runner ended early (exit ${result.code})`)
  const { passed, failed, skipped, ended } = JSON.parse(text)
  for (const line of ended) process.stdout.write(`\n${line}\n`)
  totals.passed += passed
  totals.failed += failed
  totals.skipped += skipped
  totals.code ||= result.code
}

/**
 * Says in one plain line how it went.
 * @param {Totals} totals
 * @returns {number} the exit code
 */
function closingLine({ passed, failed, skipped, code }) {
  process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
  if (code !== 0) return code
  if (failed > 0) return 1
  if (passed === 0) throw new SetupError('test: no test ran')
  return 0
}

await runMain(() => main(process.argv.slice(2)))
