import Table from 'cli-table3'
import type { Comparison, Figure, Metric } from './comparison.ts'
import { groupBy } from './group-by.ts'
import type { Machine } from './machine.ts'
import type { Options } from './options.ts'
import type { CaseResult, ComparisonResult } from './results/results.ts'
import { formatSize } from './sizes.ts'
import type { FigureResult, Summary } from './statistics.ts'

/** How all tables look. */
export const LOOK = {
  style: { head: [], border: [] },
  // Lines between rows would double the length.
  chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
}

/** What must stand above any figure. */
export function machineText(machine: Machine, options: Options): string {
  const { rounds, seconds, files, size, quick, file } = options
  return [
    `uring-actor ${machine.commit}, ${machine.date}`,
    `${machine.cpus} x ${machine.cpu}, ${machine.memoryGiB} GiB; ${machine.kernel}; ` +
      `Node.js ${machine.node}; engine ${machine.engine}`,
    `${files} x ${formatSize(size)}, ${file ?? 'temporary files'}, ${machine.filesystem}; ` +
      `load ${machine.load.toFixed(2)} before`,
    `${rounds} alternating rounds of ${seconds} s` +
      (quick ? '; --quick: the figures mean little' : ''),
    'median (min - max) of the rounds',
    '',
  ].join('\n')
}

/** A table of the cases, and one of the figures with their bounds. */
export function comparisonText(comparison: Comparison, result: ComparisonResult): string {
  const lines = ['', `${result.title}   [${result.name}]`, casesTable(comparison, result)]
  lines.push(...reasons(result.cases, 'not measured', 'missing'))
  lines.push(...reasons(result.cases, 'FAILED', 'failed'))
  if (result.figures.length > 0) lines.push(figuresTable(result.figures))
  if (result.warmShare !== null && result.warmShare < 0.999) {
    lines.push(`the page cache held only ${percent(result.warmShare)} of the file`)
  }
  const noisy = result.rounds.flatMap((round, index) =>
    round.noisy ? [`${index + 1} (${percent(round.steal)}, ${percent(round.others)})`] : [],
  )
  if (noisy.length > 0) {
    lines.push(`noisy rounds (CPU time stolen, used by other processes): ${noisy.join(', ')}`)
  }
  return `${lines.join('\n')}\n`
}

/** How many of the bounds were met, and which were not. */
export function closingText(results: readonly ComparisonResult[]): string {
  const judged = results.flatMap(({ name, figures }) =>
    figures.filter(({ met }) => met !== null).map((figure) => ({ name, figure })),
  )
  const missed = judged.filter(({ figure }) => figure.met === false)
  const lines = missed.map(({ name, figure }) => {
    const { median } = figure.summary!
    return `  ${name}: ${figure.label}: ${short(median)}, not ${boundText(figure)}`
  })
  const failures = results.flatMap(({ name, cases }) => {
    const count = cases.filter(({ failed }) => failed !== null).length
    return count === 0 ? [] : [`  ${name}: ${count} of ${cases.length} cases FAILED`]
  })
  const met = `${judged.length - missed.length} of ${judged.length} bounds met`
  return ['', met, ...lines, ...failures, ''].join('\n')
}

/** Why there is nothing of some cases; those that have the same reason are on one line. */
function reasons(cases: readonly CaseResult[], title: string, key: 'missing' | 'failed'): string[] {
  const without = cases.filter((result) => result[key] !== null)
  return [...groupBy(without, (result) => result[key]!)].map(
    ([reason, alike]) => `${title}: ${alike.map(({ name }) => name).join('; ')}: ${reason}`,
  )
}

function casesTable({ metrics }: Comparison, { cases }: ComparisonResult): string {
  const table = new Table({
    head: ['case', ...metrics.map(({ label }) => label)],
    colAligns: ['left', ...metrics.map(() => 'right' as const)],
    ...LOOK,
  })
  for (const { name, metrics: measured } of cases) {
    table.push([name, ...metrics.map((metric) => metricText(metric, measured[metric.key]))])
  }
  return table.toString()
}

function figuresTable(figures: readonly FigureResult[]): string {
  const table = new Table({
    head: ['figure', 'measured', 'bound', ''],
    colAligns: ['left', 'right', 'right', 'left'],
    ...LOOK,
  })
  for (const figure of figures) {
    const { label, summary, met } = figure
    const measured = summary === null ? '' : spread(summary, short)
    table.push([label, measured, boundText(figure), verdict(figure, met)])
  }
  return table.toString()
}

function verdict(figure: Figure, met: boolean | null): string {
  if (boundText(figure) === '') return ''
  if (met === null) return 'not measured'
  return met ? 'met' : 'NOT MET'
}

function boundText({ atLeast, atMost }: Figure): string {
  if (atLeast !== undefined) return `>= ${short(atLeast)}`
  return atMost === undefined ? '' : `<= ${short(atMost)}`
}

function metricText({ digits }: Metric, summary: Summary | undefined): string {
  if (summary === undefined) return ''
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return spread(summary, (value) => value.toLocaleString('en-US', options))
}

function spread({ median, min, max }: Summary, format: (value: number) => string): string {
  return `${format(median)} (${format(min)} - ${format(max)})`
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

/** Three digits of a small number, all of a large one. */
export function short(value: number): string {
  return value.toLocaleString('en-US', {
    maximumSignificantDigits: Math.abs(value) >= 1000 ? 21 : 3,
    maximumFractionDigits: Math.abs(value) >= 1000 ? 0 : 20,
    roundingPriority: 'lessPrecision',
  } as Intl.NumberFormatOptions)
}
