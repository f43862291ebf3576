import { METRIC_KEYS } from '../comparison.ts'
import type { CaseResult, ComparisonResult, Results, Workload } from '../results/results.ts'
import { formatSize } from '../sizes.ts'
import { lineLooks } from './colours.ts'
import { axisLook, type Chart, drawLines, type Line, tickedAxis } from './draw.ts'
import { duration, groupBy, plainNumber, shortCount, slug } from './text.ts'

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
] as const

type Axis = (typeof AXES)[number]
type Loaded = ComparisonResult & { readonly workload: Workload }

/** Comparisons that differ in one thing only, in its order. */
interface Group {
  readonly axis: Axis
  readonly comparisons: readonly Loaded[]
}

/** How figures change with one thing that the comparisons differ in, all else being the same. */
export function scaleCharts({ comparisons }: Results): Chart[] {
  const loaded = comparisons.filter((entry): entry is Loaded => entry.workload !== null)
  return AXES.flatMap((axis) => groupsAlong(axis, loaded)).flatMap((group) =>
    MEASURES.flatMap((measure) => scaleChart(group, measure)),
  )
}

function groupsAlong(axis: Axis, comparisons: readonly Loaded[]): Group[] {
  const groups = groupBy(comparisons, ({ workload }) =>
    JSON.stringify([
      workload.operation,
      workload.cache,
      ...AXES.map(({ key }) => (key === axis.key ? null : workload[key])),
    ]),
  )
  return [...groups.values()].flatMap((members) => {
    const different = new Set(members.map(({ workload }) => workload[axis.key]))
    if (different.size < 2) return []
    const sorted = members.toSorted((a, b) => a.workload[axis.key] - b.workload[axis.key])
    return [{ axis, comparisons: sorted }]
  })
}

function scaleChart(
  { axis, comparisons }: Group,
  { key, name, title, axis: unit, format, better }: (typeof MEASURES)[number],
): Chart[] {
  const lines = linesOf(axis, comparisons, key)
  if (lines.length === 0) return []
  const places = [...new Set(comparisons.map(({ workload }) => workload[axis.key]))]
  const ticks = places.map((value) => Math.log2(Math.max(value, 1)))
  const [least, most] = [ticks[0]!, ticks.at(-1)!]
  const look = axisLook(unit)
  const { operation, cache } = comparisons[0]!.workload
  const others = AXES.filter((other) => other.key !== axis.key)
    .map((other) => `${other.label}: ${other.format(comparisons[0]!.workload[other.key])}`)
    .join('; ')
  const drawing = drawLines(lines, {
    x: tickedAxis(axis.label, ticks, [least, most], (value) => axis.format(Math.round(2 ** value))),
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
      name: slug(`scale-${operation}-${cache}-${axis.key}-${name}`),
      title: `${title} by ${axis.label}: ${operation}, ${cacheText(cache)}`,
      note: `${better} Medians; ${others}.`,
      ...drawing,
    },
  ]
}

function linesOf(axis: Axis, comparisons: readonly Loaded[], key: string): Line[] {
  const all: CaseResult[] = comparisons.flatMap(({ cases }) => cases)
  return [...lineLooks(all)].flatMap(([name, look]): Line[] => {
    const points = comparisons.flatMap(({ workload, cases }) => {
      const median = cases.find((entry) => entry.name === name)?.metrics[key]?.median
      const place = Math.log2(Math.max(workload[axis.key], 1))
      return median === undefined ? [] : [[place, median] as const]
    })
    if (points.length < 2) return []
    return [{ name, look, points }]
  })
}

/** Where the data come from, in words. */
export function cacheText(cache: Workload['cache']): string {
  if (cache === 'direct') return 'past the page cache'
  return cache === 'none' ? 'no file' : `${cache} page cache`
}
