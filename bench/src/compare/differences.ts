import type { Machine } from '../machine.ts'
import type { ResultOptions, Results } from '../results/results.ts'
import { formatSize } from '../sizes.ts'

/** Something that was not the same when A and B were measured, as text. */
export interface Difference {
  readonly kind: 'machine' | 'settings'
  readonly what: string
  readonly a: string
  readonly b: string
}

/** Rounds in which others used the CPUs, of all rounds of all comparisons. */
export interface NoisyRounds {
  readonly noisy: number
  readonly all: number
}

/** Not the date, the commit and the load, which always differ. */
const MACHINE: ReadonlyArray<readonly [keyof Machine, string]> = [
  ['cpu', 'CPU'],
  ['cpus', 'CPUs'],
  ['memoryGiB', 'GiB of memory'],
  ['kernel', 'kernel'],
  ['filesystem', 'filesystem'],
  ['node', 'Node.js'],
  ['engine', 'engine'],
]

const SETTINGS: ReadonlyArray<readonly [keyof ResultOptions, string]> = [
  ['size', 'size'],
  ['seconds', 'seconds'],
  ['quick', 'quick'],
]

/** What else than the code may have made a difference between two results. */
export function differencesBetween(a: Results, b: Results): Difference[] {
  const machine = MACHINE.filter(([key]) => a.machine[key] !== b.machine[key])
  const settings = SETTINGS.filter(([key]) => a.options[key] !== b.options[key])
  return [
    ...machine.map(([key, what]) => {
      return { kind: 'machine' as const, what, a: `${a.machine[key]}`, b: `${b.machine[key]}` }
    }),
    ...settings.map(([key, what]) => {
      const text = ({ options }: Results) =>
        key === 'size' ? formatSize(options.size) : `${options[key]}`
      return { kind: 'settings' as const, what, a: text(a), b: text(b) }
    }),
  ]
}

/** How many rounds of a result are doubtful. */
export function noisyRoundsOf({ comparisons }: Results): NoisyRounds {
  const rounds = comparisons.flatMap((comparison) => comparison.rounds)
  return { noisy: rounds.filter(({ noisy }) => noisy).length, all: rounds.length }
}
