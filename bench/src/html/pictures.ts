import type { Machine } from '../machine.ts'
import type { Results } from '../results/results.ts'
import { comparisonCharts } from './charts.ts'
import { cssColour, withLightColours } from './colours.ts'
import { type Chart, FONTS, WIDTH } from './draw.ts'
import { scaleCharts } from './scales.ts'
import { escapeHtml, slug, uniqueNames } from './text.ts'

/** A chart as a file of its own. */
export interface Picture {
  /** A file's name without its extension. */
  readonly name: string
  readonly svg: string
}

const MARGIN = 14
const TITLE = { size: 16, line: 21, characters: 50 }
const FOOT = { size: 11, line: 15, characters: 76 }

/**
 * Every chart as an SVG with its own white ground, light colours, heading and, below it, what it
 * was measured on: a figure is not to be quoted without.
 */
export function pictures(results: Results): Picture[] {
  const unique = uniqueNames()
  const scales = scaleCharts(results).map((chart) =>
    picture(unique(chart.name), 'uring-actor', chart, results.machine),
  )
  const others = results.comparisons.flatMap((comparison) => {
    const { overall, overTime } = comparisonCharts(comparison)
    return [...overall, ...overTime].map((chart) => {
      const name = unique(`${slug(comparison.name)}-${chart.name}`)
      return picture(name, comparison.title, chart, results.machine)
    })
  })
  return [...others, ...scales]
}

function picture(name: string, of: string, chart: Chart, machine: Machine): Picture {
  const heads = [...wrap(of, TITLE.characters), ...wrap(chart.title, TITLE.characters)]
  const feet = wrap(
    `${machine.commit}, ${machine.date.slice(0, 10)}; ${machine.cpus} × ${machine.cpu}; ` +
      `${machine.kernel}; ${machine.filesystem}; Node.js ${machine.node}`,
    FOOT.characters,
  )
  const top = MARGIN + heads.length * TITLE.line + 8
  const footTop = top + chart.height + 10
  const height = footTop + feet.length * FOOT.line + MARGIN
  const width = WIDTH + 2 * MARGIN
  const bold = wrap(of, TITLE.characters).length
  const texts = [
    ...heads.map((line, index) =>
      text(line, MARGIN + TITLE.size + index * TITLE.line, TITLE.size, index < bold),
    ),
    ...feet.map((line, index) => text(line, footTop + (index + 1) * FOOT.line, FOOT.size, false)),
  ]
  const inner = chart.svg.replace('<svg ', `<svg x="${MARGIN}" y="${top}" `)
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img">\n` +
    `<title>${escapeHtml(`${of}: ${chart.title}`)}</title>\n` +
    `<rect width="${width}" height="${height}" fill="${cssColour('paper')}"/>\n` +
    `${texts.join('\n')}\n${inner}\n</svg>\n`
  return { name, svg: withLightColours(svg) }
}

function text(line: string, y: number, size: number, bold: boolean): string {
  const colour = cssColour(bold ? 'ink' : 'muted')
  return (
    `<text x="${MARGIN}" y="${y}" font-size="${size}" font-family="${FONTS}" ` +
    `font-weight="${bold ? 600 : 400}" fill="${colour}">${escapeHtml(line)}</text>`
  )
}

/** SVG breaks no lines by itself. */
function wrap(words: string, characters: number): string[] {
  const lines: string[] = []
  for (const word of words.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= characters) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(word)
    }
  }
  return lines
}
