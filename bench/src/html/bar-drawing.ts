import { type Colour, cssColour } from './colours.ts'
import { axisLook, CHARACTER_WIDTH, drawSvg, LETTERS, WIDTH } from './draw.ts'
import { shortened } from './text.ts'

const ROW_HEIGHT = 44
const BAR_HEIGHT = 13
const SIDES = 8
const TOP = 8

export interface Part {
  readonly value: number
  readonly colour: Colour
}

/** One bar, with its name and what it says above it. */
export interface Row {
  readonly name: string
  readonly text: string
  readonly parts: readonly Part[]
  /** From the least to the most of the rounds; null for none. */
  readonly whisker: readonly [number, number] | null
  readonly hollow: boolean
}

export interface Bars {
  readonly rows: readonly Row[]
  readonly axis: string
  readonly format: (value: number) => string
  /** Where a line marks what the machine can do. */
  readonly limit: number | null
  /** What the parts of stacked bars are. */
  readonly parts: ReadonlyArray<{ readonly name: string; readonly colour: Colour }>
}

/** Horizontal bars, each with its name and value above it. */
export function drawBars({ rows, axis, format, limit, parts }: Bars): {
  svg: string
  height: number
} {
  const legendHeight = parts.length > 0 ? 28 : 0
  const plot = rows.length * ROW_HEIGHT
  const height = TOP + plot + 52 + legendHeight
  const look = axisLook(axis)
  const svg = drawSvg(
    {
      grid: { left: SIDES, right: SIDES + 12, top: TOP, height: plot },
      xAxis: {
        ...look,
        type: 'value',
        min: 0,
        max: largest(rows, limit) * 1.02,
        nameLocation: 'middle',
        nameGap: 30,
        splitNumber: 4,
        axisLabel: {
          ...(look.axisLabel as object),
          formatter: format,
          showMaxLabel: false,
          alignMinLabel: 'left',
        },
        // The vertical axis runs downwards: its zero is above.
        axisLine: { ...(look.axisLine as object), onZero: false },
      },
      yAxis: { type: 'value', min: 0, max: rows.length, inverse: true, show: false },
      graphic: legend(parts, height),
      series: [
        // First, so that the words of the rows lie over it.
        ...(limit === null ? [] : [limitLine(limit, rows.length)]),
        {
          type: 'custom',
          z: 3,
          silent: true,
          clip: false,
          data: rows.map((_, index) => [0, index]),
          renderItem: (params: { dataIndex: number }, api: Api) =>
            drawRow(rows[params.dataIndex]!, params.dataIndex, api),
        },
      ],
    },
    height,
  )
  return { svg, height }
}

interface Api {
  coord(point: readonly [number, number]): [number, number]
}

function drawRow({ name, text, parts, whisker, hollow }: Row, index: number, api: Api): object {
  const [left, top] = api.coord([0, index])
  const barTop = top + 22
  const at = (value: number) => api.coord([value, index])[0]
  const children: object[] = []
  let sum = 0
  for (const { value, colour } of parts) {
    const [x, end] = [at(sum), at(sum + value)]
    sum += value
    const paint = cssColour(colour)
    children.push({
      type: 'rect',
      shape: { x, y: barTop, width: Math.max(end - x, 1), height: BAR_HEIGHT },
      style: hollow ? { fill: 'none', stroke: paint, lineWidth: 1.5 } : { fill: paint },
    })
  }
  if (whisker !== null) children.push(whiskerPath(at(whisker[0]), at(whisker[1]), barTop))
  const missing = parts.length === 0
  const style = { ...LETTERS, y: top + 18, verticalAlign: 'bottom' }
  const right = WIDTH - SIDES - 12
  const room = (right - left - 16) / CHARACTER_WIDTH - text.length
  children.push(
    {
      type: 'text',
      style: {
        ...style,
        text: shortened(name, Math.floor(room)),
        x: left + 1,
        fill: cssColour('ink'),
      },
    },
    {
      type: 'text',
      style: {
        ...style,
        text,
        // Lines of the grid pass behind it.
        backgroundColor: cssColour('paper'),
        padding: [0, 0, 0, 3],
        x: right,
        align: 'right',
        fill: cssColour(missing ? 'bad' : 'muted'),
      },
    },
  )
  return { type: 'group', children }
}

/** Two caps and the line between, halfway down the bar. */
function whiskerPath(from: number, to: number, top: number): object {
  const middle = top + BAR_HEIGHT / 2
  const cap = (x: number) => `M${x} ${middle - 5}L${x} ${middle + 5}`
  return {
    type: 'path',
    shape: { pathData: `M${from} ${middle}L${to} ${middle}${cap(from)}${cap(to)}` },
    style: { fill: 'none', stroke: cssColour('ink'), lineWidth: 1.5 },
  }
}

function limitLine(limit: number, rows: number): object {
  return {
    type: 'custom',
    silent: true,
    clip: false,
    z: 1,
    data: [[limit, 0]],
    renderItem: (_: unknown, api: Api) => {
      const [x, y1] = api.coord([limit, 0])
      const y2 = api.coord([limit, rows])[1]
      const style = { stroke: cssColour('limit'), lineWidth: 1.5, lineDash: [5, 4] }
      return { type: 'line', shape: { x1: x, y1, x2: x, y2 }, style }
    },
  }
}

function legend(parts: Bars['parts'], height: number): object[] {
  const width = Math.min(110, (WIDTH - 2 * SIDES) / Math.max(1, parts.length))
  return parts.flatMap(({ name, colour }, index) => [
    {
      type: 'rect',
      silent: true,
      shape: { x: SIDES + index * width, y: height - 20, width: 14, height: 12 },
      style: { fill: cssColour(colour) },
    },
    {
      type: 'text',
      silent: true,
      style: {
        text: name,
        x: SIDES + index * width + 20,
        y: height - 14,
        verticalAlign: 'middle',
        ...LETTERS,
        fill: cssColour('ink'),
      },
    },
  ])
}

function largest(rows: readonly Row[], limit: number | null): number {
  const ends = rows.map(({ parts, whisker }) =>
    Math.max(
      whisker?.[1] ?? 0,
      parts.reduce((sum, { value }) => sum + value, 0),
    ),
  )
  return Math.max(limit ?? 0, ...ends) || 1
}
