import type { ComparisonResult } from '../results/results.ts'
import { cpuChart, stagesChart, throughputChart } from './bars.ts'
import type { Chart } from './draw.ts'
import { heatMaps, percentilesChart } from './latencies.ts'

/** What is drawn of a comparison: of all of it, and of the latencies of each case over time. */
export interface ComparisonCharts {
  readonly overall: readonly Chart[]
  readonly overTime: readonly Chart[]
}

/** The report and the pictures show the same: drawing takes seconds, and is done once. */
const drawn = new WeakMap<ComparisonResult, ComparisonCharts>()

/** All that can be drawn of a comparison; what it has not measured is left out. */
export function comparisonCharts(comparison: ComparisonResult): ComparisonCharts {
  const before = drawn.get(comparison)
  if (before !== undefined) return before
  const overall = [
    throughputChart(comparison),
    cpuChart(comparison),
    percentilesChart(comparison),
    stagesChart(comparison),
  ].filter((chart) => chart !== null)
  const charts = { overall, overTime: heatMaps(comparison) }
  drawn.set(comparison, charts)
  return charts
}
