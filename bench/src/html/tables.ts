import { METRIC_KEYS, type Metric } from '../comparison.ts'
import type { CaseResult, ComparisonResult } from '../results/results.ts'
import type { FigureResult, Summary } from '../statistics.ts'
import { escapeHtml, percent, plainNumber, spreadText } from './text.ts'

interface Column {
  readonly key: string
  readonly label: string
  /** What a value is divided by. */
  readonly unit?: number
}

const COLUMNS: readonly Column[] = [
  { key: METRIC_KEYS.operationsPerSecond, label: 'ops/s' },
  { key: METRIC_KEYS.bytesPerSecond, label: 'MB/s', unit: 1e6 },
  { key: METRIC_KEYS.cpuMicros, label: 'CPU µs/op' },
  { key: METRIC_KEYS.p50, label: 'p50 µs' },
  { key: METRIC_KEYS.p90, label: 'p90 µs' },
  { key: METRIC_KEYS.p99, label: 'p99 µs' },
  { key: METRIC_KEYS.p999, label: 'p99.9 µs' },
  { key: METRIC_KEYS.p9999, label: 'p99.99 µs' },
  { key: METRIC_KEYS.max, label: 'max µs' },
  { key: METRIC_KEYS.rssMiB, label: 'RSS MiB' },
  { key: METRIC_KEYS.contextSwitches, label: 'context switches/op' },
]

/** All that the cases measured, a row for each, with its gaps. */
export function casesTable({ title, cases, metrics }: ComparisonResult): string {
  const columns = columnsOf(cases, metrics)
  if (columns.length === 0) return ''
  const head = columns.map(({ label }) => `<th scope="col">${escapeHtml(label)}</th>`).join('')
  const rows = cases.map((entry) => {
    const cells = columns.map((column) => cell(entry, column)).join('')
    return `<tr><th scope="row">${escapeHtml(entry.name)}</th>${cells}</tr>`
  })
  const caption = 'Median of the rounds; below it the least and the most.'
  return scrolling(
    `Measurements: ${title}`,
    `<table><caption>${caption}</caption><thead><tr><th scope="col">case</th>${head}</tr></thead>` +
      `<tbody>${rows.join('')}</tbody></table>`,
  )
}

/** Those that charts know, and those that the comparison has of its own; where anything is. */
function columnsOf(cases: readonly CaseResult[], own: readonly Metric[]): Column[] {
  const known = new Set(COLUMNS.map(({ key }) => key))
  const others = own.filter(({ key }) => !known.has(key))
  return [...COLUMNS, ...others].filter(({ key }) => cases.some(({ metrics }) => metrics[key]))
}

function cell({ metrics }: CaseResult, { key, unit = 1 }: Column): string {
  const summary = metrics[key]
  if (summary === undefined) return '<td class="gap">–</td>'
  const format = (value: number) => plainNumber(value / unit)
  const { median, min, max } = summary
  return `<td>${format(median)}${small(spreadText(min, max, format))}</td>`
}

/** What the project has promised, and whether it was kept. */
export function figuresTable(title: string, figures: readonly FigureResult[]): string {
  if (figures.length === 0) return ''
  const rows = figures.map((figure) => {
    const { label, summary, atLeast, atMost } = figure
    const bound =
      atLeast !== undefined
        ? `≥ ${plainNumber(atLeast)}`
        : atMost !== undefined
          ? `≤ ${plainNumber(atMost)}`
          : ''
    return (
      `<tr><th scope="row">${escapeHtml(label)}</th><td>${measuredText(summary)}</td>` +
      `<td>${bound}</td>${verdict(figure, bound !== '')}</tr>`
    )
  })
  return scrolling(
    `Figures: ${title}`,
    '<table><caption>Figures and their bounds</caption><thead><tr><th scope="col">figure</th>' +
      '<th scope="col">measured</th><th scope="col">bound</th><th scope="col">verdict</th></tr>' +
      `</thead><tbody>${rows.join('')}</tbody></table>`,
  )
}

function measuredText(summary: Summary | null): string {
  if (summary === null) return 'not measured'
  const { median, min, max } = summary
  return `${plainNumber(median)}${small(spreadText(min, max, plainNumber))}`
}

/** A line of its own, without the blank and the brackets that a sentence needs. */
function small(text: string): string {
  return text === '' ? '' : `<small>${text.slice(2, -1)}</small>`
}

function verdict({ met }: FigureResult, bounded: boolean): string {
  if (!bounded) return '<td></td>'
  if (met === null) return '<td class="gap">not measured</td>'
  return met ? '<td class="good">met</td>' : '<td class="bad">not met</td>'
}

/** Cases that gave no figures, with the reason: for a program that is missing, how to install it. */
export function gapsHtml(cases: readonly CaseResult[]): string {
  const items = cases.flatMap(({ name, missing, failed }) => [
    ...(missing === null
      ? []
      : [`<li><strong>${escapeHtml(name)}</strong> was not measured: ${escapeHtml(missing)}</li>`]),
    ...(failed === null
      ? []
      : [
          `<li><strong>${escapeHtml(name)}</strong> failed: <code>${escapeHtml(failed)}</code></li>`,
        ]),
  ])
  return items.length === 0 ? '' : `<ul class="notice gaps">${items.join('')}</ul>`
}

/** Rounds whose figures are doubtful, and why. */
export function noiseHtml({ rounds, warmShare }: ComparisonResult): string {
  const noisy = rounds.flatMap(({ noisy, steal, others }, index) =>
    noisy
      ? [
          `round ${index + 1}: ${percent(steal)} stolen by the hypervisor, ${percent(others)} used by other processes`,
        ]
      : [],
  )
  const lines = noisy.length === 0 ? [] : [`Noisy, of all CPU time: ${noisy.join('; ')}.`]
  if (warmShare !== null && warmShare < 0.999) {
    lines.push(`The page cache held only ${percent(warmShare)} of the file.`)
  }
  return lines.map((line) => `<p class="notice noise">${line}</p>`).join('')
}

/** Only a table may be wider than a phone, and then it scrolls by itself. */
export function scrolling(label: string, table: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">${table}</div>`
}
