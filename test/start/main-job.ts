// Runs the main job, small, in a temporary directory of its own.
import { readdirSync } from 'node:fs'
import { type ChildOptions, type ChildResult, runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'

export const MAIN: URL = new URL('../../../start/dist/main.js', import.meta.url)

export interface MainJobResult extends ChildResult {
  /** What is left in its temporary directory. */
  left: string[]
}

/** What --json prints, as far as the tests look at it. */
export interface JsonResult {
  ok: boolean
  interrupted: string | null
  engine: string
  direct: boolean
  file: string
  temporary: boolean
  size: number
  blocks: number
  workers: number
  depth: number
  mix: Record<string, number>
  seed: number
  seconds: number
  meanBatch: number
  count: number
  operationsPerSecond: number
  operations: Record<'read' | 'write' | 'trim', JsonOperation>
  verified: { reads: number; zeroReads: number; lastCheck: boolean }
  mismatches: {
    count: number
    first: Array<{ block: number; position: number; phase: string; what: string }>
  }
  failure: { message: string; code?: string } | null
}

interface JsonOperation {
  count: number
  operationsPerSecond: number
  megabytesPerSecond: number
  p50: number
  p99: number
  p999: number
  meanBusy: number | null
  meanIdle: number | null
}

export const SMALL = ['--size', '8MiB', '--workers', '2'] as const

export async function runMainJob(
  args: readonly string[],
  options: ChildOptions = {},
): Promise<MainJobResult> {
  const TMPDIR = temporaryDirectory()
  const env = { TMPDIR, ...options.env }
  const result = await runScript(MAIN, { timeoutMillis: 60_000, ...options, args, env })
  return { ...result, left: readdirSync(TMPDIR) }
}
