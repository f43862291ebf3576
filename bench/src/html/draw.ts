import { CustomChart, LineChart } from 'echarts/charts'
import { GraphicComponent, GridComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { cssColour, type LineLook } from './colours.ts'
import { shortened } from './text.ts'

use([CustomChart, LineChart, GraphicComponent, GridComponent, SVGRenderer])

/** Narrow, so that texts are still readable when a phone shows the whole width. */
export const WIDTH = 460
export const FONT_SIZE = 13
export const FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
const FAMILY = FONTS.replaceAll("'", '')
/** What a text that is drawn by itself has to be told. */
export const LETTERS = { fontSize: FONT_SIZE, fontFamily: FAMILY }
const LEGEND_ROW = 22
/** What a character is wide at most, about: there is no browser here to measure it. */
export const CHARACTER_WIDTH = 8

/** A drawn chart, and what is said of it. */
export interface Chart {
  /** Part of the name of its picture. */
  readonly name: string
  readonly title: string
  /** How it is to be read. */
  readonly note: string
  readonly height: number
  /** Its colours are custom properties of CSS: see colours.ts. */
  readonly svg: string
}

export type Option = EChartsCoreOption

/** Draws a chart as SVG that needs neither a script nor a style sheet. */
export function drawSvg(option: Option, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height })
  try {
    chart.setOption({
      animation: false,
      textStyle: LETTERS,
      ...option,
    })
    return withoutBehaviour(chart.renderToSVGString())
  } finally {
    // It keeps a timer, and with it the process.
    chart.dispose()
  }
}

/** A style sheet inside of an SVG is one for the whole page; there is nothing to hover over here. */
function withoutBehaviour(svg: string): string {
  return (
    svg
      .replaceAll(/<style[\s\S]*?<\/style>/g, '')
      .replaceAll(/ (?:class|pointer-events|ecmeta_[a-z_]+)="[^"]*"/g, '')
      .replaceAll(/ (?:xmlns:xlink|version|baseProfile)="[^"]*"/g, '')
      // A rectangle takes half of the letters that a path of four corners does.
      .replaceAll(
        /M([\d.]+) ([\d.]+)L([\d.]+) \2L\3 ([\d.]+)L\1 \4Z/g,
        (_, left, lower, right, upper) => `M${left} ${lower}H${right}V${upper}H${left}Z`,
      )
      .replaceAll(/\n+/g, '\n')
      .trim()
  )
}

/** The look that all axes share. */
export function axisLook(name: string): Record<string, unknown> {
  return {
    name,
    nameTextStyle: { color: cssColour('muted'), fontSize: FONT_SIZE },
    axisLabel: { color: cssColour('muted'), fontSize: FONT_SIZE, hideOverlap: true },
    axisLine: { show: true, lineStyle: { color: cssColour('axis') } },
    axisTick: { show: true, lineStyle: { color: cssColour('axis') } },
    splitLine: { show: true, lineStyle: { color: cssColour('line') } },
  }
}

/** An axis whose ticks stand where they are told; what is between `from` and `to` is drawn. */
export function tickedAxis(
  name: string,
  ticks: readonly number[],
  [from, to]: readonly [number, number],
  format: (value: number) => string,
): Record<string, unknown> {
  const look = axisLook(name)
  return {
    ...look,
    type: 'value',
    min: from,
    max: to,
    axisLabel: { ...(look.axisLabel as object), customValues: ticks, formatter: format },
    axisTick: { ...(look.axisTick as object), customValues: ticks },
  }
}

/** A logarithmic axis from `least` to `most`; the data on it are logarithms to base ten. */
export function logAxis(
  name: string,
  [least, most]: readonly [number, number],
  format: (value: number) => string,
): Record<string, unknown> {
  const from = Math.log10(least)
  const to = Math.max(Math.log10(most), from + 0.2)
  const ticks = logTicks(from, to)
  return tickedAxis(name, ticks, [from, to], (value) => format(roundTick(10 ** value)))
}

/** As many of 1, 2, 5 of each power of ten as can be read beside one another. */
function logTicks(from: number, to: number): number[] {
  const span = to - from
  const steps = span > 5 ? [1] : span > 2.5 ? [1, 3] : [1, 2, 5]
  const ticks: number[] = []
  for (let power = Math.floor(from); power <= to; power++) {
    for (const step of steps) {
      const tick = power + Math.log10(step)
      if (tick >= from - 1e-9 && tick <= to + 1e-9) ticks.push(tick)
    }
  }
  return ticks
}

function roundTick(value: number): number {
  return Number(value.toPrecision(2))
}

/** A line of a chart, as the legend names it. */
export interface Line {
  readonly name: string
  readonly look: LineLook
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

/** Names of lines below the data, in one or two columns, and how high they are. */
function legendBelow(
  lines: readonly Line[],
  total: (legend: number) => number,
): { graphic: object[]; height: number } {
  const fits = lines.every(({ name }) => name.length * CHARACTER_WIDTH < WIDTH / 2 - 46)
  const columns = fits && lines.length > 1 ? 2 : 1
  const rows = Math.ceil(lines.length / columns)
  const legend = rows * LEGEND_ROW
  const height = total(legend)
  const graphic = lines.flatMap(({ name, look }, index) => {
    const x = 8 + Math.floor(index / rows) * (WIDTH / 2)
    const y = height - legend + (index % rows) * LEGEND_ROW + LEGEND_ROW / 2
    return [
      {
        type: 'line',
        silent: true,
        shape: { x1: x, y1: y, x2: x + 26, y2: y },
        style: {
          stroke: cssColour(look.colour),
          lineWidth: look.bold ? 4 : 2.5,
          lineDash: look.dash,
        },
      },
      {
        type: 'text',
        silent: true,
        style: {
          text: shortened(name, Math.floor((WIDTH / columns - 46) / CHARACTER_WIDTH)),
          x: x + 34,
          y,
          verticalAlign: 'middle',
          ...LETTERS,
          fill: cssColour('ink'),
        },
      },
    ]
  })
  return { graphic, height }
}

/** One line for each case, with its legend below. */
export function drawLines(
  lines: readonly Line[],
  axes: { x: object; y: object; left: number; markers: boolean },
): { svg: string; height: number } {
  const above = 26
  const plot = 210
  const below = 58
  const { graphic, height } = legendBelow(lines, (legend) => above + plot + below + legend + 4)
  const option: Option = {
    graphic,
    grid: { left: axes.left, right: 24, top: above, height: plot },
    xAxis: { nameLocation: 'middle', nameGap: 28, ...axes.x },
    yAxis: { nameLocation: 'end', nameGap: 10, ...axes.y },
    series: lines.map(({ name, look, points }) => ({
      type: 'line',
      name,
      data: points,
      silent: true,
      showSymbol: axes.markers || points.length === 1,
      symbol: 'circle',
      symbolSize: look.bold ? 8 : 6,
      z: look.bold ? 4 : 3,
      itemStyle: { color: cssColour(look.colour) },
      lineStyle: {
        color: cssColour(look.colour),
        width: look.bold ? 3 : 1.8,
        type: look.dash ?? 'solid',
      },
      emphasis: { disabled: true },
    })),
  }
  return { svg: drawSvg(option, height), height }
}
