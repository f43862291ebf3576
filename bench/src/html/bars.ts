import { METRIC_KEYS } from '../comparison.ts'
import type { CaseResult, ComparisonResult } from '../results/results.ts'
import type { Summary } from '../statistics.ts'
import { type Bars, drawBars, type Part, type Row } from './bar-drawing.ts'
import { caseColours } from './colours.ts'
import type { Chart } from './draw.ts'
import { duration, shortCount, spreadText } from './text.ts'

const STAGES = [
  { key: METRIC_KEYS.queue, name: 'queue', colour: 'part-1' },
  { key: METRIC_KEYS.batch, name: 'batch', colour: 'part-2' },
  { key: METRIC_KEYS.kernel, name: 'kernel', colour: 'part-3' },
  { key: METRIC_KEYS.delivery, name: 'delivery', colour: 'part-4' },
] as const

/** Operations per second of every case; null when none has measured them. */
export function throughputChart({ cases }: ComparisonResult): Chart | null {
  const colours = caseColours(cases)
  const measured = cases.filter(({ metrics }) => metrics[METRIC_KEYS.operationsPerSecond])
  if (measured.length === 0) return null
  const rows = cases.map((entry): Row => {
    const summary = entry.metrics[METRIC_KEYS.operationsPerSecond]
    const part = { value: summary?.median ?? 0, colour: colours.get(entry.name)! }
    return rowOf(entry, summary, summary ? [part] : [], shortCount)
  })
  const limit = measured.find(({ role }) => role === 'limit')
  const bars: Bars = {
    rows,
    axis: 'operations per second',
    format: shortCount,
    limit: limit?.metrics[METRIC_KEYS.operationsPerSecond]?.median ?? null,
    parts: [],
  }
  const ofLimit = limit === undefined ? '' : ` The dashed line is the limit: ${limit.name}.`
  return {
    name: 'throughput',
    title: 'Throughput',
    note: `Median of the rounds, with the least and the most; longer is better.${ofLimit}`,
    ...drawBars(bars),
  }
}

/** CPU time of an operation, user and system; null when no case has measured it. */
export function cpuChart({ cases }: ComparisonResult): Chart | null {
  if (!cases.some(({ metrics }) => metrics[METRIC_KEYS.cpuMicros])) return null
  const colours = caseColours(cases)
  let split = false
  const rows = cases.map((entry): Row => {
    const { metrics } = entry
    const [all, user, system] = [
      metrics[METRIC_KEYS.cpuMicros],
      metrics[METRIC_KEYS.userMicros],
      metrics[METRIC_KEYS.systemMicros],
    ]
    if (all === undefined) return rowOf(entry, undefined, [], duration)
    if (user === undefined || system === undefined) {
      return rowOf(entry, all, [{ value: all.median, colour: colours.get(entry.name)! }], duration)
    }
    split = true
    return rowOf(entry, all, userAndSystem(all, user, system), duration)
  })
  const parts = [
    { name: 'user', colour: 'part-1' },
    { name: 'system', colour: 'part-2' },
  ] as const
  return {
    name: 'cpu',
    title: 'CPU time of an operation',
    note: 'Of the whole process, its threads included; shorter is better.',
    ...drawBars({
      rows,
      axis: 'CPU time of an operation',
      format: duration,
      limit: null,
      parts: split ? parts : [],
    }),
  }
}

/** Medians of parts do not add up to the median of the whole: the parts are fitted into it. */
function userAndSystem(all: Summary, user: Summary, system: Summary): Part[] {
  const sum = user.median + system.median
  const scale = sum > 0 ? all.median / sum : 0
  return [
    { value: user.median * scale, colour: 'part-1' },
    { value: system.median * scale, colour: 'part-2' },
  ]
}

/** Where an operation of ours spends its time; null when tracing has not told. */
export function stagesChart({ cases }: ComparisonResult): Chart | null {
  const traced = cases.filter(({ metrics }) => STAGES.some(({ key }) => metrics[key]))
  if (traced.length === 0) return null
  const rows = traced.map(({ name, metrics }): Row => {
    const parts = STAGES.map(({ key, colour }) => ({ value: metrics[key]?.median ?? 0, colour }))
    const sum = parts.reduce((total, { value }) => total + value, 0)
    return { name, text: duration(sum), parts, whisker: null, hollow: false }
  })
  return {
    name: 'stages',
    title: 'Stages of an operation of ours',
    note: 'From the call to the result: waiting in the queue, being gathered into a batch, in the kernel, and being delivered; medians of the rounds.',
    ...drawBars({ rows, axis: 'time', format: duration, limit: null, parts: STAGES }),
  }
}

function rowOf(
  { name, role, failed }: CaseResult,
  summary: Summary | undefined,
  parts: readonly Part[],
  format: (value: number) => string,
): Row {
  const hollow = role === 'limit' && parts.length === 1
  if (summary === undefined) {
    const text = failed === null ? 'not measured' : 'failed'
    return { name, text, parts: [], whisker: null, hollow }
  }
  const { median, min, max } = summary
  const text = `${format(median)}${spreadText(min, max, format)}`
  return { name, text, parts, whisker: [min, max], hollow }
}
