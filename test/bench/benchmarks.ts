// Runs the benchmarks, small, in a temporary directory of their own.
import { readdirSync } from 'node:fs'
import { type ChildOptions, type ChildResult, runScript } from '../support/child.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const MAIN = new URL('../../../bench/dist/main.js', import.meta.url)

export interface BenchResult extends ChildResult {
  /** What is left in its temporary directory. */
  left: string[]
}

interface JsonSummary {
  median: number
  min: number
  max: number
  values: number[]
}

/** What --json prints, as far as the tests look at it. */
export interface JsonReport {
  machine: Record<string, string | number>
  options: Record<string, unknown>
  comparisons: Array<{
    name: string
    title: string
    cases: Array<{
      name: string
      missing: string | null
      failed: string | null
      metrics: Record<string, JsonSummary>
    }>
    figures: Array<{
      label: string
      how: 'ratio' | 'difference' | 'value'
      metric: string
      of: string
      against?: string
      atLeast?: number
      atMost?: number
      summary: JsonSummary | null
      met: boolean | null
    }>
    rounds: Array<{ steal: number; others: number; noisy: boolean }>
    warmShare: number | null
  }>
}

export interface BenchOptions extends ChildOptions {
  /** The results go where the program puts them by itself; else into a temporary folder. */
  ownResults?: boolean
}

export async function runBench(
  args: readonly string[],
  options: BenchOptions = {},
): Promise<BenchResult> {
  const TMPDIR = temporaryDirectory()
  const env = { TMPDIR, ...options.env }
  const out =
    options.ownResults || args.includes('--out') ? [] : ['--out', `${temporaryDirectory()}/results`]
  const result = await runScript(MAIN, {
    timeoutMillis: 200_000,
    ...options,
    args: [...args, ...out],
    env,
  })
  return { ...result, left: readdirSync(TMPDIR) }
}

/** A run that must succeed. */
export async function reportOfBench(
  args: readonly string[],
  options: ChildOptions = {},
): Promise<JsonReport> {
  const { code, stdout, stderr } = await runBench([...args, '--json'], options)
  if (code !== 0) throw new Error(`the benchmarks ended with ${code}:\n${stdout}\n${stderr}`)
  return JSON.parse(stdout) as JsonReport
}
