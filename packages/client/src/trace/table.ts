import { createRequire } from 'node:module'
import { METRICS } from '../protocol/index.ts'
import type { Distribution } from './histogram.ts'
import type { OperationStats } from './types.ts'

const HEAD = [
  'operation',
  'count',
  'errors',
  'MB/s',
  'stage, µs',
  'p50',
  'p90',
  'p99',
  'p99.9',
  'max',
]
/** No frame: a table that is read in a terminal and pasted into an issue. */
const LOOK = {
  head: HEAD,
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  colAligns: HEAD.map((_, column) => (column === 0 || column === 4 ? 'left' : 'right')),
  chars: Object.fromEntries(
    ['top', 'bottom', 'left', 'mid', 'right', 'middle'].flatMap((side) =>
      ['', '-mid', '-left', '-right'].map((place) => [`${side}${place}`, '']),
    ),
  ),
}

interface TableOf {
  new (look: object): { push(row: string[]): void; toString(): string }
}

/** Figures of operations as a table: for each its counts, and a line for each stage. */
export function tableOf(operations: Readonly<Record<string, OperationStats>>): string {
  // Loaded by the first table only: hardly any process prints one.
  const Table = createRequire(import.meta.url)('cli-table3') as TableOf
  const table = new Table(LOOK)
  for (const [name, stats] of Object.entries(operations)) {
    const { count, errors, megabytesPerSecond } = stats
    METRICS.forEach((metric, index) => {
      const first = [name, whole(count), whole(errors), short(megabytesPerSecond)]
      table.push([...(index === 0 ? first : ['', '', '', '']), metric, ...timesOf(stats[metric])])
    })
  }
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function timesOf({ count, p50, p90, p99, p999, max }: Distribution): string[] {
  return [p50, p90, p99, p999, max].map((time) => (count === 0 ? '-' : short(time)))
}

function whole(count: number): string {
  return count.toLocaleString('en-US')
}

/** Three digits, or all that stand before the point. */
function short(value: number): string {
  if (value >= 100) return whole(Math.round(value))
  return value.toFixed(value >= 10 ? 1 : 2)
}

/** Gives figures that came from the actor's thread their table. */
export function withTable<
  T extends { readonly operations: Readonly<Record<string, OperationStats>> },
>(stats: T, heading: (stats: T) => string): T {
  const print = (): string => `${heading(stats)}\n${tableOf(stats.operations)}`
  return Object.defineProperty(stats, 'toString', { value: print })
}
