import Table from 'cli-table3'
import { LOOK, short } from '../report.ts'
import type { Results } from '../results/results.ts'
import type { Compared, Row, TooFewRounds, Unpaired } from './compare.ts'
import type { Difference } from './differences.ts'

/** One side of the comparison: its results, and where they are as the user has named it. */
export interface Named {
  readonly place: string
  readonly results: Results
}

/** All that is printed: what to beware of first, then what changed. */
export function comparedText(a: Named, b: Named, compared: Compared, all: boolean): string {
  const { rows, unpaired, tooFewRounds, alpha } = compared
  const shown = all ? rows : rows.filter(hasChanged)
  const lines = [`A  ${describe(a)}`, `B  ${describe(b)}`, ...warnings(compared)]
  if (tooFewRounds !== null) lines.push(tooFewText(tooFewRounds, rows.length))
  lines.push('')
  if (shown.length > 0) lines.push(rowsTable(shown))
  lines.push(...unpaired.map(unpairedText))
  lines.push(closingLine(rows, shown))
  if (rows.length > 0) {
    lines.push(
      `two-sided Mann–Whitney test, alpha ${alpha}; p is corrected for ` +
        `${count(rows.length, 'metric')} by Holm's method`,
    )
  }
  return `${lines.join('\n')}\n`
}

function describe({ place, results }: Named): string {
  const { commit, date } = results.machine
  return `${place}: uring-actor ${commit}, ${date}`
}

function warnings({ differences, noisyRounds: { A, B } }: Compared): string[] {
  const text = ({ what, a, b }: Difference) => `${what} ${a} in A, ${b} in B`
  const lines = (['machine', 'settings'] as const).flatMap((kind) => {
    const found = differences.filter((difference) => difference.kind === kind)
    return found.length === 0 ? [] : [`not the same ${kind}: ${found.map(text).join('; ')}`]
  })
  if (lines.length > 0) lines.push('what changed may be due to that, and not to the code')
  if (A.noisy + B.noisy > 0) {
    lines.push(`noisy rounds: ${A.noisy} of ${A.all} in A, ${B.noisy} of ${B.all} in B`)
  }
  return lines.map((line) => `WARNING: ${line}`)
}

function tooFewText({ a, b, alone, enough }: TooFewRounds, metrics: number): string {
  const among = alone ? '' : ` among ${metrics} metrics`
  const less = alone ? '' : ', or measure less with --only'
  return (
    `with ${a} and ${b} rounds no difference${among} can be significant; ` +
    `take --rounds ${enough} or more${less}`
  )
}

function rowsTable(rows: readonly Row[]): string {
  const table = new Table({
    head: ['comparison', 'case', 'metric', 'A -> B', 'B / A (min - max)', 'p', 'verdict'],
    colAligns: ['left', 'left', 'left', 'right', 'right', 'right', 'left'],
    ...LOOK,
  })
  for (const row of rows) {
    table.push([
      row.comparison,
      row.case ?? '',
      row.label,
      `${short(row.a.median)} -> ${short(row.b.median)}`,
      ratioText(row),
      probability(row.correctedP),
      verdictText(row),
    ])
  }
  return table.toString()
}

function ratioText({ ratio }: Row): string {
  if (ratio === null) return ''
  const [middle, min, max] = [ratio.median, ratio.min, ratio.max].map((value) => value.toFixed(3))
  return `${middle} (${min} - ${max})`
}

function probability(p: number): string {
  return p < 0.0001 ? '< 0.0001' : p.toFixed(4)
}

/** Faster is better, everybody knows; what higher and lower are has to be said. */
function verdictText({ verdict, effect }: Row): string {
  const plain = effect === null || verdict === 'faster' || verdict === 'slower'
  return plain ? verdict : `${verdict}: ${effect}`
}

function unpairedText({ only, comparison, case: name, metric, reason }: Unpaired): string {
  const what = [comparison, name, metric].filter((part) => part !== null).join(', ')
  return `only in ${only}: ${what}${reason === null ? '' : ` (the other: ${reason})`}`
}

function closingLine(rows: readonly Row[], shown: readonly Row[]): string {
  if (rows.length === 0) return 'there is no metric that both have'
  const changed = rows.filter(hasChanged)
  const worse = changed.filter(({ effect }) => effect === 'worse').length
  const better = changed.filter(({ effect }) => effect === 'better').length
  const hidden = rows.length - shown.length
  return (
    `${worse} worse, ${better} better; ` +
    `${count(rows.length - changed.length, 'metric')} without a change shown` +
    (hidden > 0 ? ' (--all lists them)' : '')
  )
}

function hasChanged({ verdict }: Row): boolean {
  return verdict !== 'no change shown'
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`
}
