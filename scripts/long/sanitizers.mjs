// The addon, built with each sanitizer, under the tests that use it most: fails on any report that
// sanitizers.supp does not explain. Works on a copy of the built workspace, so that the plain addon
// stays as it is.
//
//   node scripts/long/sanitizers.mjs [address] [undefined] [thread] [--only=PART]
//
// With no sanitizer named, all three, one after the other. PART restricts the test files to those
// whose path holds it.
import '../lib/node-version.mjs'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { headersBesideNode } from '../lib/addon.mjs'
import {
  cleanUpOnSignal,
  filesBelow,
  root,
  run,
  runMain,
  SetupError,
  step,
} from '../lib/project.mjs'
import { setup } from '../setup.mjs'

/** @typedef {'address' | 'undefined' | 'thread'} Sanitizer */

const SUPPRESSIONS = path.join(root, 'scripts/long/sanitizers.supp')

/**
 * The library that must be loaded before node, and its options. Leaks are not looked for: V8 and
 * Node let most of their memory go with the process.
 * @type {Record<Sanitizer, { library: string, variable: string, options: string }>}
 */
const SANITIZERS = {
  address: { library: 'libasan.so', variable: 'ASAN_OPTIONS', options: 'detect_leaks=0' },
  undefined: { library: 'libubsan.so', variable: 'UBSAN_OPTIONS', options: 'print_stacktrace=1' },
  thread: {
    library: 'libtsan.so',
    variable: 'TSAN_OPTIONS',
    // Reports are files, so the exit code stays that of the program under test, and it ends as soon.
    // Node is not instrumented: what it hides from the sanitizer (its atomics) would look like races.
    options: `exitcode=0:atexit_sleep_ms=0:ignore_noninstrumented_modules=1:suppressions=${SUPPRESSIONS}`,
  },
}

/** Tests of what uses the addon: of itself, every operation, every way to end, random operations. */
const SUITES = ['packages/native/', 'test/conformance/', 'test/lifecycle/', 'test/random/random']

/** Tests that cannot hold under a sanitizer, each with its reason. */
const LEFT_OUT = [
  // They measure memory and processor time, most of which would be the sanitizer's.
  'lifecycle/arena-footprint',
  'lifecycle/footprint',
  'lifecycle/connect-cycles',
  'lifecycle/respawn',
  // More than 2 GiB in one read, most of an hour with each access watched.
  'conformance/two-gibibytes',
]

const SUITE_MILLIS_MAX = 30 * 60_000

/** @param {string[]} args */
async function main(args) {
  const only = args.find((arg) => arg.startsWith('--only='))?.slice('--only='.length) ?? ''
  const named = args.filter((arg) => !arg.startsWith('--only='))
  const unknown = named.find((name) => !(name in SANITIZERS))
  if (unknown !== undefined) throw new SetupError(`sanitizers: there is no ${unknown} sanitizer`)
  const chosen = /** @type {Sanitizer[]} */ (named.length > 0 ? named : Object.keys(SANITIZERS))
  await setup()
  const copy = mkdtempSync(path.join(os.tmpdir(), 'uring-actor-sanitizers-'))
  const forget = cleanUpOnSignal(() => rmSync(copy, { recursive: true, force: true }))
  try {
    copyWorkspace(copy)
    const tests = testsOf(copy, only)
    const results = []
    for (const sanitizer of chosen) results.push(await underSanitizer(sanitizer, copy, tests))
    return results.every(Boolean) ? 0 : 1
  } finally {
    forget()
    rmSync(copy, { recursive: true, force: true })
  }
}

/**
 * Copies what was compiled. Links between the packages are relative, so they lead into the copy;
 * the dependencies are shared.
 * @param {string} copy
 */
function copyWorkspace(copy) {
  for (const entry of ['package.json', 'packages', 'test']) {
    cpSync(path.join(root, entry), path.join(copy, entry), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (source) => path.basename(source) !== 'build',
    })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
}

/**
 * The compiled test files in the copy.
 * @param {string} copy
 * @param {string} only
 */
function testsOf(copy, only) {
  const sources = filesBelow(['packages/native/test', 'test']).filter(
    (file) =>
      file.endsWith('.test.ts') &&
      file.includes(only) &&
      SUITES.some((suite) => file.startsWith(suite)) &&
      !LEFT_OUT.some((part) => file.includes(part)),
  )
  if (sources.length === 0) throw new SetupError(`sanitizers: no test file matches ${only}`)
  return sources.map((file) =>
    path.join(copy, file.replace(/(^|\/)test\//, '$1test/dist/').replace(/\.ts$/, '.js')),
  )
}

/**
 * Builds the copy's addon with a sanitizer and runs the tests; true when they pass and nothing was
 * reported.
 * @param {Sanitizer} sanitizer
 * @param {string} copy
 * @param {string[]} tests
 */
async function underSanitizer(sanitizer, copy, tests) {
  await build(sanitizer, copy)
  const { library, variable, options } = SANITIZERS[sanitizer]
  const reports = path.join(copy, `reports-${sanitizer}`)
  mkdirSync(reports)
  const env = {
    LD_PRELOAD: await libraryPath(library),
    [variable]: `${options}:log_path=${path.join(reports, 'report')}`,
    // What the random test does in this time is enough here.
    URING_ACTOR_RANDOM_OPERATIONS: '20000',
  }
  const args = ['--expose-gc', '--test', '--test-concurrency=2', '--test-reporter=dot', ...tests]
  const timing = { cwd: copy, env, timeoutMillis: SUITE_MILLIS_MAX }
  const began = performance.now()
  const result = await run(process.execPath, args, timing)
  const seconds = Math.round((performance.now() - began) / 1000)
  const written = readdirSync(reports).sort()
  const good = result.code === 0 && written.length === 0
  process.stdout.write(
    `sanitizers: ${sanitizer}: ${tests.length} test files in ${seconds} s, ` +
      `${written.length} reports: ${good ? 'ok' : 'FAILED'}\n`,
  )
  if (result.code !== 0) process.stdout.write(`${result.output.trimEnd()}\n`)
  for (const file of written) {
    process.stdout.write(`${readFileSync(path.join(reports, file), 'utf8').trimEnd()}\n`)
  }
  return good
}

/**
 * @param {Sanitizer} sanitizer
 * @param {string} copy
 */
async function build(sanitizer, copy) {
  const cwd = path.join(copy, 'packages/native')
  const nodeGyp = path.join(cwd, 'node_modules/node-gyp/bin/node-gyp.js')
  const args = ['rebuild', '--jobs=max', ...headersBesideNode(), '--', `-Dsanitize=${sanitizer}`]
  await step(`building the addon with the ${sanitizer} sanitizer`, async () => {
    const result = await run(process.execPath, [nodeGyp, ...args], { cwd })
    if (result.code !== 0) throw new SetupError(`${result.output}\nnode-gyp rebuild failed`)
  })
}

/**
 * Where the compiler keeps the library.
 * @param {string} library
 */
async function libraryPath(library) {
  const { code, output } = await run('g++', [`-print-file-name=${library}`])
  const found = output.trim()
  if (code !== 0 || !path.isAbsolute(found)) {
    throw new SetupError(`sanitizers: g++ has no ${library}; Debian has it in libgcc-12-dev`)
  }
  return found
}

await runMain(() => main(process.argv.slice(2)))
