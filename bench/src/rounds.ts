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
  const parts = files.parts(comparison.fileCount)
  try {
    await parts.prepare(() => {})
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
  const missing = comparison.cases.map((candidate) => candidate.missing?.(input) ?? null)
  const failed = comparison.cases.map((): string | null => null)
  const measured: Measured[][] = comparison.cases.map(() => [])
  const rounds: Round[] = []
  let warmShare: number | null = null
  for (let round = 0; round < count; round++) {
    const before = cpuTimes()
    for (const [index, candidate] of comparison.cases.entries()) {
      if (missing[index] !== null || failed[index] !== null) continue
      progress(`${name}, round ${round + 1} of ${count}: ${candidate.name}`)
      if (comparison.file === 'cold') files.cool()
      if (comparison.file === 'warm') warmShare = lower(warmShare, files.warm())
      try {
        const { name: caseName, threadPool } = candidate
        const collects = comparison.collects ?? false
        const orders = { comparison: name, name: caseName, input, collects, threadPool }
        measured[index]!.push(await runCase(orders))
      } catch (error) {
        failed[index] = (error as Error).message
      }
    }
    const noise = noiseBetween(before, cpuTimes())
    const { steal, others } = noise
    rounds.push({ ...noise, noisy: steal > NOISY_STEAL || others > NOISY_OTHERS })
  }
  const cases = comparison.cases.map((candidate, index) => ({
    name: candidate.name,
    role: candidate.role ?? 'peer',
    missing: missing[index]!,
    failed: failed[index]!,
    ...(failed[index] === null ? summarized(measured[index]!, input) : NOTHING),
  }))
  return {
    name,
    title: comparison.title,
    workload: comparison.workload ? { ...comparison.workload, files: files.paths.length } : null,
    metrics: comparison.metrics,
    cases,
    figures: figureResults(comparison, cases),
    rounds,
    warmShare,
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
