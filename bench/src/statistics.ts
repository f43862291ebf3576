import type { Comparison, Figure, Sample } from './comparison.ts'
import type { CaseResult } from './results/results.ts'

/** A median of rounds, with the spread. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly values: readonly number[]
}

export interface FigureResult extends Figure {
  /** Null when a case that it needs was missing, or a ratio would be to nothing. */
  readonly summary: Summary | null
  /** Null without a bound, or without a summary. Judged by the median. */
  readonly met: boolean | null
}

/** The median of the rounds, with the spread. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median =
    sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
  return { median, min: sorted[0]!, max: sorted.at(-1)!, values }
}

/** Summarizes every metric of the samples. */
export function summarizeSamples(samples: readonly Sample[]): Record<string, Summary> {
  const keys = Object.keys(samples[0] ?? {})
  return Object.fromEntries(
    keys.map((key) => [key, summarize(samples.map((sample) => sample[key]!))]),
  )
}

/** Draws a comparison's figures; pairs are of the same round. */
export function figureResults(
  { figures }: Comparison,
  results: readonly CaseResult[],
): FigureResult[] {
  const valuesOf = (name: string | undefined, metric: string) =>
    results.find((result) => result.name === name)?.metrics[metric]?.values
  return figures.map((figure) => {
    const ours = valuesOf(figure.of, figure.metric)
    const theirs = valuesOf(figure.against, figure.metric)
    if (ours === undefined || (figure.how !== 'value' && theirs === undefined)) {
      return { ...figure, summary: null, met: null }
    }
    const values = ours.map((value, round) => draw(figure.how, value, theirs?.[round]))
    // Of a very short run fio tells no CPU time at all.
    if (!values.every(Number.isFinite)) return { ...figure, summary: null, met: null }
    const summary = summarize(values)
    return { ...figure, summary, met: isMet(figure, summary.median) }
  })
}

function draw(how: Figure['how'], ours: number, theirs: number | undefined): number {
  if (how === 'ratio') return ours / theirs!
  return how === 'difference' ? ours - theirs! : ours
}

function isMet({ atLeast, atMost }: Figure, median: number): boolean | null {
  if (atLeast !== undefined) return median >= atLeast
  return atMost === undefined ? null : median <= atMost
}
