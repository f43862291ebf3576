import { METRIC_KEYS } from '../comparison.ts'
import { groupBy } from '../group-by.ts'
import type { CaseResult, ComparisonResult, Results, Workload } from '../results/results.ts'
import { formatSize } from '../sizes.ts'
import { lineLooks } from './colours.ts'
import { axisLook, type Chart, drawLines, type Line, tickedAxis } from './draw.ts'
import { duration, plainNumber, shortCount, slug } from './text.ts'

const AXES = [
  { key: 'inFlight', label: 'operations in flight', format: plainNumber },
  { key: 'workers', label: 'threads', format: plainNumber },
  { key: 'blockBytes', label: 'block size', format: formatSize },
  { key: 'files', label: 'files', format: plainNumber },
] as const

const MEASURES = [
  {
    key: METRIC_KEYS.operationsPerSecond,
    name: 'throughput',
    title: 'Throughput',
    axis: 'operations per second',
    format: shortCount,
    better: 'Higher is better.',
  },
  {
    key: METRIC_KEYS.cpuMicros,
    name: 'cpu',
    title: 'CPU time of an operation',
    axis: 'CPU time of an operation',
    format: duration,
    better: 'Lower is better.',
  },
  {
    key: METRIC_KEYS.rssMiB,
    name: 'memory',
    title: 'Memory at most',
    axis: 'resident memory',
    format: (mebibytes: number) => formatSize(mebibytes * 2 ** 20),
    better: 'Lower is better.',
  },
] as const

type Dimension = (typeof AXES)[number]

/** What changes along a chart, and what stays the same: with each thread, as many in flight. */
interface Axis {
  readonly changes: Dimension
  readonly perThread: boolean
}

const CHARTS: readonly Axis[] = AXES.flatMap((changes) => [
  { changes, perThread: false },
  ...(changes.key === 'workers' ? [{ changes, perThread: true }] : []),
])

/** What stays the same along a chart, of one of its comparisons. */
function constantOf({ changes, perThread }: Axis, workload: Workload) {
  return AXES.filter(({ key }) => key !== changes.key).map(({ key, label, format }) => {
    const each = perThread && key === 'inFlight'
    const value = each ? workload[key] / workload.workers : workload[key]
    return { text: `${label}${each ? ' of each' : ''}: ${format(value)}`, value }
  })
}

type Loaded = ComparisonResult & { readonly workload: Workload }

/** Comparisons that differ in one thing only, in its order. */
interface Group {
  readonly axis: Axis
  readonly comparisons: readonly Loaded[]
}

/** How figures change with one thing that the comparisons differ in, all else being the same. */
export function scaleCharts({ comparisons }: Results): Chart[] {
  const loaded = comparisons.filter((entry): entry is Loaded => entry.workload !== null)
  return CHARTS.flatMap((axis) => groupsAlong(axis, loaded)).flatMap((group) =>
    MEASURES.flatMap((measure) => scaleChart(group, measure)),
  )
}

function groupsAlong(axis: Axis, comparisons: readonly Loaded[]): Group[] {
  const groups = groupBy(comparisons, ({ workload }) =>
    JSON.stringify([
      workload.operation,
      workload.cache,
      ...constantOf(axis, workload).map(({ value }) => value),
    ]),
  )
  return [...groups.values()].flatMap((members) => {
    const { key } = axis.changes
    const different = new Set(members.map(({ workload }) => workload[key]))
    if (different.size < 2) return []
    const sorted = members.toSorted((a, b) => a.workload[key] - b.workload[key])
    return [{ axis, comparisons: sorted }]
  })
}

function scaleChart(
  { axis, comparisons }: Group,
  { key, name, title, axis: unit, format, better }: (typeof MEASURES)[number],
): Chart[] {
  const { changes } = axis
  const lines = linesOf(changes, comparisons, key)
  if (lines.length === 0) return []
  const places = [...new Set(comparisons.map(({ workload }) => workload[changes.key]))]
  const ticks = places.map((value) => Math.log2(Math.max(value, 1)))
  const [least, most] = [ticks[0]!, ticks.at(-1)!]
  const look = axisLook(unit)
  const { operation, cache } = comparisons[0]!.workload
  const constant = constantOf(axis, comparisons[0]!.workload)
  const drawing = drawLines(lines, {
    x: tickedAxis(changes.label, ticks, [least, most], (value) =>
      changes.format(Math.round(2 ** value)),
    ),
    y: {
      ...look,
      type: 'value',
      min: 0,
      nameTextStyle: { ...(look.nameTextStyle as object), align: 'left', padding: [0, 0, 0, -50] },
      axisLabel: { ...(look.axisLabel as object), formatter: format },
    },
    left: 62,
    markers: true,
  })
  return [
    {
      name: slug(
        `scale-${operation}-${cache}-${changes.key}${axis.perThread ? '-each' : ''}-${constant.map(({ value }) => value).join('-')}-${name}`,
      ),
      title:
        `${title} by ${changes.label}: ${operation}, ${cacheText(cache)}; ` +
        constant.map(({ text }) => text).join('; '),
      note: `${better} Medians.`,
      ...drawing,
    },
  ]
}

function linesOf(axis: Dimension, comparisons: readonly Loaded[], key: string): Line[] {
  const all: CaseResult[] = comparisons.flatMap(({ cases }) => cases)
  return [...lineLooks(all)].flatMap(([name, look]): Line[] => {
    const measured = comparisons.flatMap(({ workload, cases }) => {
      const median = cases.find((entry) => entry.name === name)?.metrics[key]?.median
      const place = Math.log2(Math.max(workload[axis.key], 1))
      return median === undefined ? [] : [{ place, median }]
    })
    // Two comparisons may be of the same load: a line has one point there.
    const points = [...groupBy(measured, ({ place }) => String(place))].map(
      ([place, same]) => [Number(place), mean(same.map(({ median }) => median))] as const,
    )
    if (points.length < 2) return []
    return [{ name, look, points }]
  })
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Where the data come from, in words. */
export function cacheText(cache: Workload['cache']): string {
  if (cache === 'direct') return 'past the page cache'
  return `${cache} page cache`
}
