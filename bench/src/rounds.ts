import type { CaseInput, Comparison } from './comparison.ts'
import type { BenchFiles } from './data/bench-files.ts'
import { cpuTimes, noiseBetween } from './machine.ts'
import { latencyResult } from './measure/latency-result.ts'
import type { ComparisonResult, Round } from './results/results.ts'
import { type Measured, runCase } from './run-case.ts'
import { figureResults, summarizeSamples } from './statistics.ts'

/** Above these, others had so much of the CPUs that a round's figures are doubtful. */
const NOISY_STEAL = 0.02
const NOISY_OTHERS = 0.1

export interface RoundsOptions {
  readonly rounds: number
  readonly input: CaseInput
  /** Told what runs now. */
  progress(text: string): void
}

/** Runs all cases of a comparison in alternating rounds: A B C A B C … */
export async function runComparison(
  name: string,
  comparison: Comparison,
  files: BenchFiles,
  options: RoundsOptions,
): Promise<ComparisonResult> {
  if (comparison.fileCount === undefined) return runRounds(name, comparison, files, options)
  let parts: BenchFiles | null = null
  try {
    parts = files.parts(comparison.fileCount)
    await parts.prepare(() => {})
  } catch (error) {
    parts?.remove()
    // What is wrong with its files is no fault of what comes after it.
    const failed = (error as Error).message
    const ran = comparison.cases.map((): Ran => ({ missing: null, failed, measured: [] }))
    return resultOf(name, comparison, files, ran, options.input)
  }
  try {
    const { paths, size } = parts
    const input = { ...options.input, file: paths[0]!, files: paths, size }
    return await runRounds(name, comparison, parts, { ...options, input })
  } finally {
    parts.remove()
  }
}

async function runRounds(
  name: string,
  comparison: Comparison,
  files: BenchFiles,
  { rounds: count, input, progress }: RoundsOptions,
): Promise<ComparisonResult> {
  const ran = comparison.cases.map(
    (candidate): Ran => ({
      missing: candidate.missing?.(input) ?? null,
      failed: null,
      measured: [],
    }),
  )
  const rounds: Round[] = []
  let warmShare: number | null = null
  for (let round = 0; round < count; round++) {
    const before = cpuTimes()
    for (const [index, candidate] of comparison.cases.entries()) {
      const { missing, failed, measured } = ran[index]!
      if (missing !== null || failed !== null) continue
      progress(`${name}, round ${round + 1} of ${count}: ${candidate.name}`)
      try {
        if (comparison.file === 'cold') files.cool()
        if (comparison.file === 'warm') warmShare = lower(warmShare, files.warm())
        if (comparison.file === 'written') files.rewrite()
        const { name: caseName, threadPool } = candidate
        const collects = comparison.collects ?? false
        const orders = { comparison: name, name: caseName, input, collects, threadPool }
        measured.push(await runCase(orders))
      } catch (error) {
        ran[index]!.failed = (error as Error).message
      }
    }
    const noise = noiseBetween(before, cpuTimes())
    const { steal, others } = noise
    rounds.push({ ...noise, noisy: steal > NOISY_STEAL || others > NOISY_OTHERS })
  }
  return { ...resultOf(name, comparison, files, ran, input), rounds, warmShare }
}

/** What became of one case. */
interface Ran {
  readonly missing: string | null
  failed: string | null
  readonly measured: Measured[]
}

function resultOf(
  name: string,
  comparison: Comparison,
  files: BenchFiles,
  ran: readonly Ran[],
  input: CaseInput,
): ComparisonResult {
  const cases = comparison.cases.map((candidate, index) => {
    const { missing, failed, measured } = ran[index]!
    return {
      name: candidate.name,
      role: candidate.role ?? 'peer',
      missing,
      failed,
      ...(failed === null ? summarized(measured, input) : NOTHING),
    }
  })
  return {
    name,
    title: comparison.title,
    workload: comparison.workload ? { ...comparison.workload, files: files.paths.length } : null,
    metrics: comparison.metrics,
    cases,
    figures: figureResults(comparison, cases),
    rounds: [],
    warmShare: null,
  }
}

const NOTHING = { metrics: {}, latency: null }

function summarized(measured: readonly Measured[], { seconds }: CaseInput) {
  const latencies = measured.flatMap(({ latency }) => latency ?? [])
  return {
    metrics: summarizeSamples(measured.map(({ sample }) => sample)),
    latency: latencies.length === 0 ? null : latencyResult(latencies, seconds),
  }
}

function lower(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b)
}
