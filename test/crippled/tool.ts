// io-uring.c, compiled once for all tests of a file.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDirectory } from '../support/ordinary-user.ts'
import { missingProgram } from '../support/tools.ts'

const SOURCE = fileURLToPath(new URL('../../crippled/io-uring.c', import.meta.url))

/** The reason to skip what needs it. */
export function missingTool(): string | false {
  if (process.platform !== 'linux') return 'io_uring is Linux'
  return missingProgram('gcc')
}

let compiled: string | null = null

/** The compiled program, which is gone when this process ends. */
function tool(): string {
  if (compiled !== null) return compiled
  const directory = openDirectory()
  const program = path.join(directory, 'io-uring')
  execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', program, SOURCE])
  chmodSync(directory, 0o755)
  compiled = program
  return program
}

/** A command that runs another one, for which the three calls of io_uring fail with this errno. */
export function forbidding(errno: number): string[] {
  return [tool(), 'forbid', String(errno)]
}

export interface Answer {
  /** errno of io_uring_setup, 0 when there was a ring. */
  setup: number
  /** errno of registering a buffer of so many bytes; null when it was not tried. */
  register: number | null
}

/** What the kernel itself answers to a program that a command runs: the proof that it is crippled. */
export function askKernel(under: readonly string[], bufferBytes: number = 0): Answer {
  const bytes = bufferBytes > 0 ? [String(bufferBytes)] : []
  const [command, ...args] = [...under, tool(), 'ask', ...bytes]
  const { status, stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
  const [setup, register] = stdout.trim().split(' ').map(Number)
  return { setup: setup!, register: register ?? null }
}
