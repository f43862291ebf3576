import type { CaseResult, ComparisonResult, LatencyOverTime } from '../results/results.ts'
import { type Colour, cssColour, HEAT_LEVELS, lineLooks } from './colours.ts'
import {
  type Chart,
  drawLines,
  drawSvg,
  LETTERS,
  type Line,
  logAxis,
  tickedAxis,
  WIDTH,
} from './draw.ts'
import { duration, plainNumber, shortCount, slug } from './text.ts'

/** How much of a power of ten lies between two points of a curve. */
const STEP = 0.05
const NINES_MAX = 4
const NINES: ReadonlyArray<readonly [nines: number, label: string]> = [
  [Math.log10(2), '50'],
  [1, '90'],
  [2, '99'],
  [3, '99.9'],
  [4, '99.99'],
]
const COLUMNS_MAX = 180
const HEAT_HEIGHT = 250
const HEAT_GRID = { left: 58, right: 16, top: 28, bottom: 76 }

/** Latency against percentile, a line for each case; null when none was timed. */
export function percentilesChart({ cases }: ComparisonResult): Chart | null {
  const looks = lineLooks(cases)
  const lines = cases.flatMap((entry): Line[] => {
    const points = percentileCurve(entry)
    if (points.length === 0) return []
    return [{ name: entry.name, look: looks.get(entry.name)!, points }]
  })
  if (lines.length === 0) return null
  const heights = lines.flatMap(({ points }) => points.map(([, y]) => 10 ** y))
  const range = [Math.min(...heights) * 0.9, Math.max(...heights) * 1.1] as const
  const labels = new Map(NINES)
  const label = (value: number) => labels.get(value) ?? plainNumber(100 * (1 - 10 ** -value))
  const ticks = NINES.map(([nines]) => nines)
  const drawing = drawLines(lines, {
    x: tickedAxis('percentile of the operations', ticks, [0, NINES_MAX], label),
    y: logAxis('latency', range, duration),
    left: 62,
    markers: false,
  })
  const note =
    'Of all rounds, from the call to the result; lower is better. Each step to the right is ten times rarer. A line ends where fewer than one operation is left.'
  return { name: 'percentiles', title: 'Latency by percentile', note, ...drawing }
}

/** Points at equal steps of log10(1 / (1 - p)), up to the last operation; logarithms both. */
function percentileCurve({ latency }: CaseResult): Array<readonly [number, number]> {
  if (latency === null || latency.count === 0 || latency.distribution.length === 0) return []
  const { distribution, maxMicros } = latency
  const count = distribution.reduce((sum, [, operations]) => sum + operations, 0)
  const end = Math.min(NINES_MAX, Math.log10(Math.max(2, count)))
  const points: Array<readonly [number, number]> = []
  let bucket = 0
  let below = distribution[0]![1]
  for (let step = 0; step <= Math.floor(end / STEP + 1e-9); step++) {
    const wanted = count * (1 - 10 ** -(step * STEP))
    while (below < wanted && bucket < distribution.length - 1) below += distribution[++bucket]![1]
    // The middle of the last bucket may lie above the exact maximum.
    const micros = Math.min(distribution[bucket]![0], maxMicros)
    points.push([step * STEP, Math.log10(Math.max(micros, 1e-3))])
  }
  return points
}

/** Heat maps of the latencies over time, one for each case that was timed. */
export function heatMaps({ cases, rounds }: ComparisonResult): Chart[] {
  const timed = cases.flatMap(({ name, latency }) => {
    if (latency === null || latency.overTime.counts.length === 0) return []
    return [{ name, map: coarser(latency.overTime, Math.max(1, rounds.length)) }]
  })
  if (timed.length === 0) return []
  // The same rows and colours for all, so that they can be compared with one another.
  const filled = timed.flatMap(({ map }) => map.counts.map(([, row]) => rowEdges(map, row)))
  const least = Math.min(...filled.map(([from]) => from))
  const most = Math.max(...filled.map(([, to]) => to))
  const densest = timed.reduce(
    (max, { map }) => map.counts.reduce((value, [, , count]) => Math.max(value, count), max),
    1,
  )
  return timed.map(({ name, map }) => ({
    name: `over-time-${slug(name)}`,
    title: `Latency over time: ${name}`,
    note: heatNote(rounds),
    height: HEAT_HEIGHT,
    svg: drawHeatMap(map, [least, most], densest, rounds),
  }))
}

/** As many columns as can be told apart, by adding neighbours up; those of a round stay in it. */
function coarser(map: LatencyOverTime, rounds: number): LatencyOverTime {
  const perRound = Math.max(1, Math.ceil(map.slots / rounds))
  const fitting = Math.max(1, Math.floor(COLUMNS_MAX / rounds))
  let each = Math.ceil(perRound / fitting)
  while (each < perRound && perRound % each !== 0) each++
  if (each <= 1) return map
  const sums = new Map<string, [slot: number, row: number, count: number]>()
  for (const [slot, row, count] of map.counts) {
    const column = Math.floor(slot / each)
    const sum = sums.get(`${column},${row}`)
    if (sum === undefined) sums.set(`${column},${row}`, [column, row, count])
    else sum[2] += count
  }
  const slots = map.slots / each
  return { ...map, slots, slotMillis: map.slotMillis * each, counts: [...sums.values()] }
}

function heatNote(rounds: ComparisonResult['rounds']): string {
  const noisy = rounds.flatMap((round, index) => (round.noisy ? [index + 1] : []))
  const text = 'The stronger the colour, the more operations took so long at that time.'
  if (noisy.length === 0) return text
  return `${text} Noisy: round ${noisy.join(', ')}.`
}

/** The first edge may be zero, which no logarithm has. */
function rowEdges({ edgesMicros }: LatencyOverTime, row: number): readonly [number, number] {
  const to = edgesMicros[row + 1] ?? edgesMicros[row]! * 2
  return [Math.max(edgesMicros[row]!, to / 10, 1e-3), to]
}

interface Api {
  coord(point: readonly [number, number]): [number, number]
}

function drawHeatMap(
  map: LatencyOverTime,
  range: readonly [number, number],
  densest: number,
  rounds: ComparisonResult['rounds'],
): string {
  const seconds = (map.slots * map.slotMillis) / 1000
  const count = Math.max(1, rounds.length)
  const each = Math.ceil(count / 8)
  const ends = Array.from({ length: count + 1 }, (_, round) => (round * seconds) / count)
  const ticks = ends.filter((_, round) => round % each === 0)
  const levels = levelsOf(map, densest)
  return drawSvg(
    {
      grid: HEAT_GRID,
      xAxis: {
        ...tickedAxis('seconds', ticks, [0, seconds], plainNumber),
        nameLocation: 'middle',
        nameGap: 26,
      },
      // Without a name: the heading tells it, and the rounds stand there.
      yAxis: logAxis('', range, duration),
      graphic: [...heatLegend(densest), ...roundNames(rounds)],
      series: [
        ...[...levels].map(([level, runs]) => ({
          type: 'custom',
          silent: true,
          z: 3,
          data: [[0, Math.log10(range[0])]],
          renderItem: (_: unknown, api: Api) => ({
            type: 'path',
            shape: { pathData: runs.map((run) => runPath(run, map, api)).join('') },
            style: { fill: cssColour(`heat-${level}` as Colour) },
          }),
        })),
        roundLines(ends.slice(1, -1), range),
      ],
    },
    HEAT_HEIGHT,
  )
}

/** Gaps between the rounds, over the cells. */
function roundLines(ends: readonly number[], range: readonly [number, number]): object {
  return {
    type: 'custom',
    silent: true,
    z: 4,
    data: ends.map((end) => [end, Math.log10(range[0])]),
    renderItem: ({ dataIndex }: { dataIndex: number }, api: Api) => {
      const [x, y1] = api.coord([ends[dataIndex]!, Math.log10(range[0])])
      const y2 = api.coord([ends[dataIndex]!, Math.log10(range[1])])[1]
      const style = { stroke: cssColour('paper'), lineWidth: 3 }
      return { type: 'line', shape: { x1: x, y1, x2: x, y2 }, style }
    },
  }
}

/** The rounds by number, above the cells; those that are doubtful stand out. */
function roundNames(rounds: ComparisonResult['rounds']): object[] {
  const width = (WIDTH - HEAT_GRID.left - HEAT_GRID.right) / Math.max(1, rounds.length)
  return rounds.flatMap(({ noisy }, index) => {
    const long = noisy ? `round ${index + 1}, noisy` : `round ${index + 1}`
    const short = noisy ? `${index + 1}!` : `${index + 1}`
    const text = width > 105 ? long : width > 28 || noisy ? short : ''
    if (text === '') return []
    const style = {
      text,
      x: HEAT_GRID.left + (index + 0.5) * width,
      y: HEAT_GRID.top - 12,
      align: 'center',
      verticalAlign: 'middle',
      ...LETTERS,
      fill: cssColour(noisy ? 'warn' : 'muted'),
    }
    return [{ type: 'text', silent: true, style }]
  })
}

/** Neighbours in time of one row and colour. */
interface Run {
  readonly row: number
  readonly from: number
  to: number
}

/** Cells by colour, neighbours as one: a tenth of the size of a shape for each cell. */
function levelsOf(map: LatencyOverTime, densest: number): Map<number, Run[]> {
  const levels = new Map<number, Run[]>()
  const open = new Map<number, { level: number; run: Run }>()
  for (const [slot, row, count] of map.counts.toSorted((a, b) => a[0] - b[0])) {
    const level = levelOf(count, densest)
    const last = open.get(row)
    if (last !== undefined && last.level === level && last.run.to === slot) {
      last.run.to++
      continue
    }
    const run = { row, from: slot, to: slot + 1 }
    open.set(row, { level, run })
    const runs = levels.get(level)
    if (runs === undefined) levels.set(level, [run])
    else runs.push(run)
  }
  return levels
}

/** From 1 to HEAT_LEVELS, on a logarithmic scale. */
function levelOf(count: number, densest: number): number {
  if (densest <= 1) return HEAT_LEVELS
  const share = Math.log(Math.max(1, count)) / Math.log(densest)
  return Math.min(HEAT_LEVELS, 1 + Math.floor(share * HEAT_LEVELS))
}

function runPath({ row, from, to }: Run, map: LatencyOverTime, api: Api): string {
  const [lower, upper] = rowEdges(map, row)
  const slotSeconds = map.slotMillis / 1000
  const point = (slot: number, micros: number) =>
    api
      .coord([slot * slotSeconds, Math.log10(micros)])
      .map((value) => value.toFixed(1))
      .join(' ')
  const corners = [point(from, lower), point(to, lower), point(to, upper), point(from, upper)]
  return `M${corners.join('L')}Z`
}

/** The colours from one operation to the most. */
function heatLegend(densest: number): object[] {
  const y = HEAT_HEIGHT - 18
  const text = (words: string, x: number, align: 'left' | 'right') => ({
    type: 'text',
    silent: true,
    style: {
      text: words,
      x,
      y: y + 6,
      align,
      verticalAlign: 'middle',
      ...LETTERS,
      fill: cssColour('muted'),
    },
  })
  const width = 20
  const left = WIDTH / 2 - 50
  const boxes = Array.from({ length: HEAT_LEVELS }, (_, index) => ({
    type: 'rect',
    silent: true,
    shape: { x: left + index * width, y, width, height: 12 },
    style: { fill: cssColour(`heat-${index + 1}` as Colour) },
  }))
  return [
    text('operations in a cell: 1', left - 6, 'right'),
    ...boxes,
    text(shortCount(densest), left + HEAT_LEVELS * width + 6, 'left'),
  ]
}
