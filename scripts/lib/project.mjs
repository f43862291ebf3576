// What the other scripts share: where things are, how tools are run, and how failure is told.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
export const toolsDir = path.join(root, '.tools')
export const nativeDir = path.join(root, 'packages/native')

/** The folders of the workspace that hold a package.json; pnpm-workspace.yaml lists the same. */
export const workspaceDirs = [
  '.',
  ...readdirSync(path.join(root, 'packages')).map((name) => `packages/${name}`),
  'bench',
  'examples',
  'start',
  'test',
].filter((dir) => existsSync(path.join(root, dir, 'package.json')))

/** An error whose message is all that the user needs to see; no stack is printed for it. */
export class SetupError extends Error {}

/**
 * Runs a script's main function: a SetupError ends the process with its message and code 1.
 * @param {() => Promise<number | void>} main resolves to the exit code
 */
export async function runMain(main) {
  try {
    const code = await main()
    if (typeof code === 'number') process.exitCode = code
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}

/**
 * Does one step of the set-up and says so in one line on stderr.
 * @template T
 * @param {string} what in the form "installing the dependencies"
 * @param {() => Promise<T>} work
 */
export async function step(what, work) {
  process.stderr.write(`setup: ${what} … `)
  const started = performance.now()
  try {
    const result = await work()
    process.stderr.write(`${((performance.now() - started) / 1000).toFixed(1)} s\n`)
    return result
  } catch (error) {
    process.stderr.write('failed\n')
    throw error
  }
}

/**
 * What must not outlive this process: child process groups to signal, the lock to give back.
 * @type {Set<(signal: NodeJS.Signals) => void>}
 */
const onSignal = new Set()

/** @type {NodeJS.Signals[]} */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Registers what to do when the user interrupts; the process then ends by that signal.
 * @param {(signal: NodeJS.Signals) => void} handler
 * @returns {() => void} takes the handler back
 */
export function cleanUpOnSignal(handler) {
  if (onSignal.size === 0) for (const signal of ENDING) process.on(signal, interrupted)
  onSignal.add(handler)
  return () => {
    onSignal.delete(handler)
    if (onSignal.size === 0) for (const signal of ENDING) process.off(signal, interrupted)
  }
}

/** @param {NodeJS.Signals} signal */
function interrupted(signal) {
  for (const handler of [...onSignal].reverse()) handler(signal)
  for (const other of ENDING) process.off(other, interrupted)
  process.kill(process.pid, signal)
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the project's root unless told
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {number} [timeoutMillis] after which the tool and its children are killed
 * @property {boolean} [show] the tool writes to our stdout and stderr, instead of being collected
 *
 * @typedef {object} RunResult
 * @property {number} code the exit code; 128 + the signal's number when it was killed
 * @property {string} output stdout and stderr as they came; empty with `show`
 * @property {boolean} timedOut
 */

/**
 * Runs a tool without a shell and without stdin, in a process group of its own, so that it can
 * be ended together with everything it has started.
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<RunResult>}
 */
export function run(command, args, options = {}) {
  const { cwd = root, env = {}, timeoutMillis = 600_000, show = false } = options
  const output = show ? 'inherit' : 'pipe'
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', output, output],
      detached: true,
    })
    let collected = ''
    let timedOut = false
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      collected += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      collected += text
    })
    /** @param {NodeJS.Signals} signal */
    const endGroup = (signal) => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal)
      } catch {
        // The group is gone already.
      }
    }
    const forget = cleanUpOnSignal(endGroup)
    const timer = setTimeout(() => {
      timedOut = true
      endGroup('SIGKILL')
    }, timeoutMillis)
    const settled = () => {
      clearTimeout(timer)
      forget()
    }
    child.on('error', (error) => {
      settled()
      reject(error)
    })
    child.on('close', (code, signal) => {
      settled()
      resolve({ code: code ?? 128 + signalNumber(signal), output: collected, timedOut })
    })
  })
}

/** @param {NodeJS.Signals | null} signal */
function signalNumber(signal) {
  return signal === null ? 0 : os.constants.signals[signal]
}

/**
 * Runs a tool that must succeed; if it does not, everything it printed goes into the error.
 * @param {string} what names the tool in the message
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 */
export async function runOrFail(what, command, args, options) {
  let result
  try {
    result = await run(command, args, options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new SetupError(`${what} could not be started: ${reason}`)
  }
  if (result.code === 0) return
  const why = result.timedOut ? 'took too long and was stopped' : `failed (exit ${result.code})`
  throw new SetupError(`${result.output.trimEnd()}\n\n${what} ${why}; its full output is above.`)
}

/**
 * True when a tool is there and can say its version (a shim without its tool cannot).
 * @param {string} command
 */
export function works(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore', timeout: 20_000 }).status === 0
}

/**
 * Every file below the given files and folders (relative to the root), sorted; a path that does
 * not exist holds none. What tools have made is left out.
 * @param {string[]} paths
 * @returns {string[]}
 */
export function filesBelow(paths) {
  /** @type {string[]} */
  const found = []
  for (const relative of paths) {
    const absolute = path.join(root, relative)
    if (!existsSync(absolute)) continue
    if (statSync(absolute).isFile()) {
      found.push(relative)
      continue
    }
    for (const entry of readdirSync(absolute)) {
      if (!MADE.has(entry)) found.push(...filesBelow([path.join(relative, entry)]))
    }
  }
  return found.sort()
}

const MADE = new Set(['node_modules', 'dist', 'build', 'prebuilds'])

/**
 * A hash over the names and the contents of files, and over facts that also matter.
 * @param {string[]} files relative to the root
 * @param {string[]} facts
 */
export function fingerprint(files, facts) {
  const hash = createHash('sha256')
  hash.update(JSON.stringify(facts))
  for (const file of files) {
    hash.update(`\0${file}\0`)
    hash.update(readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}

/**
 * The text of a file, or '' when there is none.
 * @param {string} file an absolute path
 */
export function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}
