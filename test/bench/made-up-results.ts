// Results of benchmarks that nobody has run, for what reads results.

type Metrics = Record<string, Array<number | null>>

interface MadeUp {
  rounds?: number
  /** Moves the noise of the rounds: another run of the same. */
  run?: number
  /** Factors of a case's metrics, as in 'reads/ours/cpuMicros'. */
  factors?: Record<string, number>
  comparisons?: readonly string[]
  machine?: Record<string, string | number>
  options?: Record<string, string | number | boolean>
  noisy?: number
  /** Why fio was not measured. */
  fioMissing?: string
}

const LEVELS = { operationsPerSecond: 100_000, cpuMicros: 8, p50Micros: 40, p99Micros: 90 }

/** Results of two comparisons with two cases each, all of one kind unless told. */
export function madeUp(what: MadeUp = {}): object {
  const { comparisons = ['reads', 'writes'], machine = {}, options = {} } = what
  return {
    format: 1,
    machine: {
      date: '2026-01-02T03:04:05.000Z',
      commit: 'abcdef123456',
      node: 'v20.19.0',
      kernel: 'Linux 6.12.0 x64',
      cpu: 'A CPU',
      cpus: 4,
      memoryGiB: 16,
      filesystem: 'ext4 on /dev/sda',
      load: 0.1,
      engine: 'auto',
      ...machine,
    },
    options: { quick: false, only: [], rounds: 8, seconds: 1, size: 2 ** 30, file: '', ...options },
    programs: [],
    comparisons: comparisons.map((name) => comparisonOf(name, what)),
  }
}

function comparisonOf(name: string, what: MadeUp): object {
  const { rounds = 8, noisy = 0, fioMissing = null } = what
  const ours = metricsOf(`${name}/ours`, 1, what)
  const fio = fioMissing === null ? metricsOf(`${name}/fio`, 2, what) : {}
  const operations = (metrics: Metrics) => metrics.operationsPerSecond as number[]
  const ratios = operations(ours).map((value, round) => value / (operations(fio)?.[round] ?? 0))
  const values = ratios.every(Number.isFinite) ? { values: ratios } : null
  const label = 'ops/s, ours / fio'
  const figure = { label, how: 'ratio', metric: 'operationsPerSecond', of: 'ours', against: 'fio' }
  return {
    name,
    title: name,
    workload: null,
    metrics: [],
    cases: [
      { name: 'ours', role: 'ours', missing: null, failed: null, metrics: summaries(ours) },
      { name: 'fio', role: 'limit', missing: fioMissing, failed: null, metrics: summaries(fio) },
    ],
    figures: [{ ...figure, summary: values, met: null }],
    rounds: Array.from({ length: rounds }, (_, round) => {
      return { steal: 0, others: 0, noisy: round < noisy }
    }),
    warmShare: null,
  }
}

/** Levels with noise of up to two percent, in another order for each run and metric. */
function metricsOf(name: string, level: number, { rounds = 8, run = 0, factors }: MadeUp): Metrics {
  return Object.fromEntries(
    Object.entries(LEVELS).map(([key, base], metric) => {
      const factor = level * (factors?.[`${name}/${key}`] ?? 1)
      const noise = (round: number) => ((round * 7 + run * 3 + metric * 5 + level) % 11) / 11
      const values = Array.from({ length: rounds }, (_, round) => noise(round + run * rounds))
      return [key, values.map((value) => base * factor * (0.99 + 0.02 * value))]
    }),
  )
}

function summaries(metrics: Metrics): object {
  return Object.fromEntries(Object.entries(metrics).map(([key, values]) => [key, { values }]))
}
