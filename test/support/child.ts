// Runs a compiled script in a Node process of its own, with a time limit, and says how it went.
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ChildOptions {
  args?: readonly string[]
  /** Options of node itself, before the script. */
  nodeArgs?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** A command, and its arguments, that runs node: strace, prlimit. */
  under?: readonly string[]
  timeoutMillis?: number
  /** Called when the process has been started. */
  onStart?: (child: ChildProcess) => void
  /** Called with each piece that the script prints. */
  onOutput?: (text: string, child: ChildProcess) => void
}

export interface ChildResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
  /** From the start to the end of the process. */
  millis: number
  /** From the last line that it printed to its end. */
  millisAfterOutput: number
}

const TIMEOUT_MILLIS = 30_000

export async function runScript(script: URL, options: ChildOptions = {}): Promise<ChildResult> {
  const { args = [], nodeArgs = [], under = [], timeoutMillis = TIMEOUT_MILLIS } = options
  const command = [...under, process.execPath, ...nodeArgs, fileURLToPath(script), ...args]
  const began = performance.now()
  let lastOutput = began
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '', ...options.env },
  })
  options.onStart?.(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    lastOutput = performance.now()
    options.onOutput?.(text, child)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutMillis)
  let ended = began
  child.on('exit', () => {
    ended = performance.now()
  })
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
    (resolve, reject) => {
      child.on('error', reject)
      child.on('close', (...how) => resolve(how))
    },
  ).finally(() => clearTimeout(timer))
  if (timedOut) {
    throw new Error(`${script} did not end in ${timeoutMillis} ms.\n${stdout}\n${stderr}`)
  }
  return {
    code,
    signal,
    stdout,
    stderr,
    millis: ended - began,
    millisAfterOutput: ended - lastOutput,
  }
}

/** Runs a script that must succeed; returns the JSON of the last line that it printed. */
export async function reportOf<T>(script: URL, options: ChildOptions = {}): Promise<T> {
  const { code, signal, stdout, stderr } = await runScript(script, options)
  if (code !== 0) throw new Error(`${script} ended with ${code ?? signal}:\n${stdout}\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T
}
