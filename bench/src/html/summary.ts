import { METRIC_KEYS } from '../comparison.ts'
import type { CaseResult, ComparisonResult, Results } from '../results/results.ts'
import { type Summary, summarize } from '../statistics.ts'
import {
  capital,
  duration,
  escapeHtml,
  listText,
  ratioNumber,
  ratioText,
  sectionLink,
  shortCount,
} from './text.ts'

interface Measure {
  readonly key: string
  readonly label: string
  readonly higherIsBetter: boolean
  readonly format: (value: number) => string
}

const OPERATIONS: Measure = {
  key: METRIC_KEYS.operationsPerSecond,
  label: 'operations',
  higherIsBetter: true,
  format: shortCount,
}
const CPU: Measure = {
  key: METRIC_KEYS.cpuMicros,
  label: 'CPU time of an operation',
  higherIsBetter: false,
  format: duration,
}
const P99: Measure = {
  key: METRIC_KEYS.p99,
  label: 'latency at p99',
  higherIsBetter: false,
  format: duration,
}
const MEASURES = [OPERATIONS, CPU, P99]

/** Ours against another case in one measure, by the ratios within the rounds. */
interface Pairing {
  readonly ours: CaseResult
  readonly other: CaseResult
  readonly measure: Measure
  readonly ratio: Summary
  readonly outcome: 'wins' | 'loses' | 'open'
}

/** What the run shows, in words: where we win, and where plain fs does. */
export function summaryHtml(results: Results): string {
  const compared = results.comparisons.flatMap((comparison) => {
    const pairings = pairingsOf(comparison)
    const counted = pairings.some(({ measure }) => measure === OPERATIONS)
    return counted ? [{ comparison, pairings }] : []
  })
  if (compared.length === 0) {
    return '<p>No comparison of this run counts operations per second on both sides.</p>'
  }
  const items = compared.map(({ comparison, pairings }) => comparisonItem(comparison, pairings))
  const fs = compared.flatMap(({ comparison, pairings }) => fsItems(comparison, pairings))
  const fsText =
    fs.length === 0
      ? '<p>In no comparison of this run: in all of them the median of the ratios is on our side.</p>'
      : `<p>Where the median of the ratios is on the side of plain <code>fs</code>:</p><ul>${fs.join('')}</ul>`
  return [
    '<p>Ratios are ours / theirs, taken within each round: the median of the rounds, and in',
    'brackets the least and the most. Where the rounds lie on both sides of 1, no difference is',
    'shown.</p>',
    `<ul>${items.join('')}</ul>`,
    '<h3 id="plain-fs-wins">Where plain fs wins</h3>',
    fsText,
  ].join('\n')
}

function pairingsOf({ cases }: ComparisonResult): Pairing[] {
  const others = cases.filter(({ role }) => role !== 'ours')
  return cases
    .filter(({ role }) => role === 'ours')
    .flatMap((ours) =>
      others.flatMap((other) => MEASURES.flatMap((measure) => pair(ours, other, measure))),
    )
}

function pair(ours: CaseResult, other: CaseResult, measure: Measure): Pairing[] {
  const [mine, theirs] = [ours.metrics[measure.key]?.values, other.metrics[measure.key]?.values]
  if (mine === undefined || theirs === undefined) return []
  const ratios = mine.slice(0, theirs.length).map((value, round) => value / theirs[round]!)
  if (ratios.length === 0 || !ratios.every(Number.isFinite)) return []
  const ratio = summarize(ratios)
  return [{ ours, other, measure, ratio, outcome: outcomeOf(ratio, measure) }]
}

function outcomeOf({ min, max }: Summary, { higherIsBetter }: Measure): Pairing['outcome'] {
  if (min <= 1 && max >= 1) return 'open'
  return min > 1 === higherIsBetter ? 'wins' : 'loses'
}

function comparisonItem(comparison: ComparisonResult, all: Pairing[]): string {
  const items = comparison.cases
    .filter(({ role }) => role === 'ours')
    .flatMap((ours) =>
      oursItems(
        ours,
        all.filter((pairing) => pairing.ours === ours),
      ),
    )
  return `<li>${sectionLink(comparison)}<ul>${items.join('')}</ul></li>`
}

function oursItems(ours: CaseResult, pairings: readonly Pairing[]): string[] {
  const rivals = pairings.filter(({ other }) => other.role === 'peer')
  const texts = MEASURES.flatMap((measure) => measureText(measure, ours, rivals))
  const limits = pairings
    .filter(({ other, measure }) => other.role === 'limit' && measure === OPERATIONS)
    .map(({ other, ratio }) => `${ratioText(ratio)} of the limit, ${nameOf(other)}`)
  if (limits.length > 0) texts.push(`${nameOf(ours)} reaches ${listText(limits)}.`)
  return texts.map((text) => `<li>${text}</li>`)
}

function nameOf({ name }: CaseResult): string {
  return `<strong>${escapeHtml(name)}</strong>`
}

function measureText(measure: Measure, ours: CaseResult, pairings: readonly Pairing[]): string[] {
  const those = (outcome: Pairing['outcome']) =>
    listText(
      pairings
        .filter((pairing) => pairing.measure === measure && pairing.outcome === outcome)
        .map(({ other, ratio }) => `${nameOf(other)} ${ratioText(ratio)}`),
    )
  const [wins, loses, open] = [those('wins'), those('loses'), those('open')]
  const texts: string[] = []
  if (wins !== '') texts.push(`<span class="good">wins</span> over ${wins}`)
  if (loses !== '') texts.push(`<span class="bad">loses</span> to ${loses}`)
  if (open !== '') texts.push(`shows no difference to ${open}`)
  if (texts.length === 0) return []
  const { median } = ours.metrics[measure.key]!
  const value = `${measure.format(median)}${measure.higherIsBetter ? ' a second' : ''}`
  return [`${capital(measure.label)}: ${nameOf(ours)}, ${value}, ${texts.join('; ')}.`]
}

/** Whatever plain fs does better, however little: nobody else would tell it against us. */
function fsItems(comparison: ComparisonResult, pairings: readonly Pairing[]): string[] {
  return pairings.flatMap(({ other, ours, measure, ratio, outcome }) => {
    const better = measure.higherIsBetter ? ratio.median < 1 : ratio.median > 1
    if (other.role !== 'peer' || !other.name.startsWith('fs.') || !better) return []
    const gain = measure.higherIsBetter ? 1 / ratio.median : ratio.median
    const told =
      outcome === 'open'
        ? 'no difference shown: the rounds lie on both sides of 1'
        : `${nameOf(other)} wins by ${ratioNumber(gain)}×`
    return [
      `<li>${sectionLink(comparison)}: ${measure.label}, ${escapeHtml(ours.name)} / ` +
        `${escapeHtml(other.name)} ${ratioText(ratio)}; ${told}.</li>`,
    ]
  })
}
