import { createRequire } from 'node:module'
import { METRICS } from '../protocol/index.ts'
import type { Distribution } from './histogram.ts'
import type { OperationStats } from './types.ts'

const HEAD = ['', 'mean', 'p50', 'p90', 'p99', 'p99.9', 'max']
/** No frame: a table that is read in a terminal and pasted into an issue. */
const LOOK = {
  head: HEAD,
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  colAligns: HEAD.map((_, column) => (column === 0 ? 'left' : 'right')),
  chars: Object.fromEntries(
    ['top', 'bottom', 'left', 'mid', 'right', 'middle'].flatMap((side) =>
      ['', '-mid', '-left', '-right'].map((place) => [`${side}${place}`, '']),
    ),
  ),
}

interface TableOf {
  new (
    look: object,
  ): { push(row: Array<string | { content: string; colSpan: number }>): void; toString(): string }
}

/** What tables are made of: loaded by the first one only, for hardly any process prints one. */
function newTable(): InstanceType<TableOf> {
  try {
    const Table = createRequire(import.meta.url)('cli-table3') as TableOf
    return new Table(LOOK)
  } catch {
    // It is not there in a bundle, where the figures are worth more than how they look.
    const lines: string[] = []
    return {
      push: (row) => {
        lines.push(row.map((cell) => (typeof cell === 'string' ? cell : cell.content)).join('  '))
      },
      toString: () => lines.join('\n'),
    }
  }
}

/** Figures of operations as a table: for each its counts, and below them a line for each stage. */
function tableOf(operations: Readonly<Record<string, OperationStats>>): string {
  const table = newTable()
  for (const [name, stats] of Object.entries(operations)) {
    table.push([{ content: headingOf(name, stats), colSpan: HEAD.length }])
    for (const metric of METRICS) table.push([`  ${metric}`, ...timesOf(stats[metric])])
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function headingOf(name: string, stats: OperationStats): string {
  const { count, errors, errorCodes, megabytesPerSecond } = stats
  const codes = Object.entries(errorCodes).map(([code, times]) => `${code} ${whole(times)}`)
  const which = codes.length > 0 ? ` (${codes.slice(0, 3).join(', ')})` : ''
  const rate = megabytesPerSecond > 0 ? `, ${megabytesPerSecond.toFixed(1)} MB/s` : ''
  return `${name}: ${whole(count)}, ${whole(errors)} errors${which}${rate}`
}

function timesOf({ count, mean, p50, p90, p99, p999, max }: Distribution): string[] {
  return [mean, p50, p90, p99, p999, max].map((time) => (count === 0 ? '-' : timeOf(time)))
}

function whole(count: number): string {
  return count.toLocaleString('en-US')
}

/** A time in microseconds with three digits: `2.31µs`, `49.8ms`, `134s`. */
function timeOf(micros: number): string {
  if (micros >= 1e6) return `${digits(micros / 1e6)}s`
  return micros >= 1e3 ? `${digits(micros / 1e3)}ms` : `${digits(micros)}µs`
}

function digits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

/** Gives figures that came from the actor's thread their table. */
export function withTable<
  T extends { readonly operations: Readonly<Record<string, OperationStats>> },
>(stats: T, heading: (stats: T) => string): T {
  const print = (): string => `${heading(stats)}\n${tableOf(stats.operations)}`
  return Object.defineProperty(stats, 'toString', { value: print })
}
