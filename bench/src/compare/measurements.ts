import { METRIC_KEYS } from '../comparison.ts'
import type { CaseResult, ComparisonResult } from '../results/results.ts'
import type { FigureResult } from '../statistics.ts'

/** Whether more of a metric is good, bad, or neither by itself. */
export type Wanted = 'more' | 'less' | null

/** What a change of a metric is called when its values go up, and down. */
export type Words = readonly [up: Change, down: Change]
export type Change = 'faster' | 'slower' | 'higher' | 'lower'

/** The values of one metric of all rounds. */
export interface Measurement {
  readonly comparison: string
  /** Null for a figure, which is drawn from several cases. */
  readonly case: string | null
  /** Key of the metric, or label of the figure. */
  readonly metric: string
  /** As a table names it. */
  readonly label: string
  readonly wanted: Wanted
  readonly words: Words
  readonly values: readonly number[]
}

const LEVEL: Words = ['higher', 'lower']
const TIME: Words = ['slower', 'faster']

const { operationsPerSecond, cpuMicros, p50, p99, p999 } = METRIC_KEYS

const METRICS: ReadonlyArray<Pick<Measurement, 'metric' | 'label' | 'wanted' | 'words'>> = [
  { metric: operationsPerSecond, label: 'ops/s', wanted: 'more', words: ['faster', 'slower'] },
  { metric: cpuMicros, label: 'CPU µs/op', wanted: 'less', words: LEVEL },
  { metric: p50, label: 'p50 µs', wanted: 'less', words: TIME },
  { metric: p99, label: 'p99 µs', wanted: 'less', words: TIME },
  { metric: p999, label: 'p99.9 µs', wanted: 'less', words: TIME },
]

/** What of a case is compared; nothing when it was not measured. */
export function measurementsOfCase(comparison: string, result: CaseResult): Measurement[] {
  return METRICS.flatMap((about) => {
    const values = numbers(result.metrics[about.metric]?.values)
    return values.length === 0 ? [] : [{ comparison, case: result.name, ...about, values }]
  })
}

/** The ratios that a comparison's figures were drawn from, round by round. */
export function measurementsOfFigures({ name, figures }: ComparisonResult): Measurement[] {
  return figures.flatMap((figure) => {
    const values = figure.how === 'ratio' ? numbers(figure.summary?.values) : []
    if (values.length === 0) return []
    const { label } = figure
    const about = { metric: label, label, wanted: wantedOf(figure), words: LEVEL }
    return [{ comparison: name, case: null, ...about, values }]
  })
}

/** A bound says which way a figure should go; without one, its metric does. */
function wantedOf({ atLeast, atMost, metric }: FigureResult): Wanted {
  if (atLeast !== undefined) return 'more'
  if (atMost !== undefined) return 'less'
  return METRICS.find((about) => about.metric === metric)?.wanted ?? null
}

/** JSON has null for what is no finite number, as a ratio to zero: that round tells nothing. */
function numbers(values: readonly (number | null)[] = []): number[] {
  return values.filter((value): value is number => Number.isFinite(value))
}
