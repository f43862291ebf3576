// Results of a run that never was: all that a report draws, with gaps, noise and hostile names. The
// same at each call.
import type {
  CaseResult,
  CaseRole,
  ComparisonResult,
  LatencyResult,
  Results,
  Workload,
} from '@uring-actor/bench/results/results.js'

const ROUNDS = 3
const SLOTS_PER_ROUND = 40
const ROWS = 48
export const HOSTILE = '<b>&"pool"\'</b>'
export const INSTALL_FIO = 'apt-get install fio'
export const FAILURE = 'Error: <script>alert("ring")</script> & more'

interface Load {
  readonly operations: number
  readonly role?: CaseRole
  /** Microseconds of CPU time for an operation. */
  readonly cpu: number
  /** Typical latency in microseconds. */
  readonly micros: number
  /** What the rounds differ from the operations by. */
  readonly rounds?: readonly number[]
}

/** A run with two scales, comparisons with latencies and without, and every kind of gap. */
export function resultsFixture(): Results {
  return {
    format: 1,
    machine: {
      date: '2026-11-28T12:00:00.000Z',
      commit: '0123456789ab',
      node: 'v20.19.0',
      kernel: 'Linux 6.1.0-28-amd64 x64',
      cpu: `Example CPU ${HOSTILE}`,
      cpus: 8,
      memoryGiB: 32,
      filesystem: 'ext4 on /dev/nvme0n1p1',
      load: 0.12,
      engine: 'auto',
    },
    options: {
      quick: false,
      only: [],
      files: 1,
      rounds: ROUNDS,
      seconds: 1,
      size: 2 ** 30,
      file: `/data/${HOSTILE}`,
    },
    programs: [
      { name: 'node:fs', version: 'Node.js v20.19.0, libuv 1.49.2', install: null },
      { name: 'fio', version: null, install: INSTALL_FIO },
      { name: 'piscina', version: '5.3.2', install: null },
    ],
    comparisons: [...[1, 32, 128].map(byDepth), ...[2, 4].map(byWorkers), start()],
  }
}

function byDepth(inFlight: number): ComparisonResult {
  const speed = 1 + Math.log2(inFlight)
  return {
    ...frame(`random-reads-warm-${inFlight}`, `Warm 4 KiB random reads, ${inFlight} in flight`),
    workload: workload({ inFlight }),
    cases: [
      ours({ operations: 78_000 * speed, cpu: 6 / speed, micros: 3 * speed }),
      measured('fs.promises', { operations: 48_000 + 900 * speed, cpu: 31, micros: 14 * speed }),
      measured('fs.read callback', {
        operations: 78_000 * speed,
        rounds: [0.97, 1.04, 1.01],
        cpu: 12,
        micros: 9 * speed,
      }),
      measured('fs.readSync, one at a time', { operations: 402_000, cpu: 2.4, micros: 2.4 }),
      measured(HOSTILE, { operations: 31_000 * speed, cpu: 22, micros: 19 * speed }),
      { ...gap('a pool that fails'), failed: FAILURE },
      inFlight === 128
        ? { ...gap('fio io_uring', 'limit'), missing: `fio is not installed (${INSTALL_FIO})` }
        : measured('fio io_uring', {
            role: 'limit',
            operations: 640_000,
            cpu: 1.4,
            micros: 2.2 * speed,
          }),
    ],
    figures: [
      figure('ops/s, ours / fs.promises', 5, 5.8),
      figure('ops/s, ours / fs.readSync', 2, 1.2),
      { ...figure('ops/s, ours / fio', 0.5, 1), summary: null, met: null },
    ],
  }
}

function byWorkers(workers: number): ComparisonResult {
  return {
    ...frame(`random-reads-warm-32-workers-${workers}`, `Warm reads from ${workers} threads`),
    workload: workload({ inFlight: 32, workers }),
    cases: [
      ours({ operations: 400_000 + 60_000 * workers, cpu: 1.2, micros: 18 }),
      measured('fs.promises', { operations: 50_000 * workers, cpu: 33, micros: 90 }),
    ],
  }
}

/** As the comparisons that measure something of their own. */
function start(): ComparisonResult {
  return {
    ...frame('start', 'Start and first read'),
    metrics: [{ key: 'startMillis', label: 'start, ms', digits: 1 }],
    cases: [
      { ...gap('uring-actor', 'ours'), metrics: { startMillis: summary([31, 30, 33]) } },
      { ...gap('fs.promises'), metrics: { startMillis: summary([2.1, 2, 2.2]) } },
    ],
  }
}

function frame(name: string, title: string): ComparisonResult {
  return {
    name,
    title,
    workload: null,
    metrics: [{ key: 'operationsPerSecond', label: 'ops/s', digits: 0 }],
    cases: [],
    figures: [],
    rounds: [
      { steal: 0, others: 0.01, noisy: false },
      { steal: 0.123, others: 0.081, noisy: true },
      { steal: 0, others: 0, noisy: false },
    ],
    warmShare: 0.98,
  }
}

function workload(those: Partial<Workload>): Workload {
  return {
    operation: 'random reads',
    cache: 'warm',
    inFlight: 1,
    workers: 1,
    blockBytes: 4096,
    files: 1,
    ...those,
  }
}

function ours(load: Load): CaseResult {
  const { micros } = load
  const base = measured('uring-actor', { rounds: [1, 1, 1.01], ...load, role: 'ours' })
  return {
    ...base,
    metrics: {
      ...base.metrics,
      queueMicros: summary([0.1 * micros, 0.12 * micros, 0.1 * micros]),
      batchMicros: summary([0.2 * micros, 0.2 * micros, 0.25 * micros]),
      kernelMicros: summary([0.5 * micros, 0.6 * micros, 0.5 * micros]),
      deliveryMicros: summary([0.1 * micros, 0.1 * micros, 0.14 * micros]),
    },
  }
}

function gap(name: string, role: CaseRole = 'peer'): CaseResult {
  return { name, role, missing: null, failed: null, metrics: {}, latency: null }
}

function measured(name: string, load: Load): CaseResult {
  const { operations, role = 'peer', cpu, micros, rounds = [1, 0.93, 1.02] } = load
  const spread = (value: number, by: readonly number[]) => summary(by.map((each) => each * value))
  const around = [1, 1.03, 0.98]
  return {
    ...gap(name, role),
    metrics: {
      operationsPerSecond: spread(operations, rounds),
      bytesPerSecond: spread(operations * 4096, rounds),
      cpuMicros: spread(cpu, around),
      userMicros: spread(cpu * 0.6, around),
      systemMicros: spread(cpu * 0.4, around),
      rssMiB: spread(61, around),
      contextSwitchesPerOperation: spread(0.031, around),
      p50Micros: spread(micros, around),
      p90Micros: spread(micros * 1.4, around),
      p99Micros: spread(micros * 2.6, around),
      p999Micros: spread(micros * 9, around),
      p9999Micros: spread(micros * 31, around),
      maxMicros: spread(micros * 140, around),
    },
    latency: latency(micros),
  }
}

/** Most operations near the typical time, ever fewer of the long ones, and a stall in each round. */
function latency(micros: number): LatencyResult {
  const random = randomNumbers()
  const edgesMicros = Array.from({ length: ROWS + 1 }, (_, row) => micros * 0.5 * 1.14 ** row)
  const counts: Array<readonly [number, number, number]> = []
  const byRow = new Array<number>(ROWS).fill(0)
  for (let slot = 0; slot < ROUNDS * SLOTS_PER_ROUND; slot++) {
    const stalled = slot % SLOTS_PER_ROUND === 23
    for (let row = 0; row < ROWS; row++) {
      const distance = Math.abs(row - (stalled ? 26 : 6))
      const count = Math.floor(9000 * Math.exp(-distance / 2.2) * (0.5 + random()))
      if (count === 0) continue
      counts.push([slot, row, count])
      byRow[row]! += count
    }
  }
  const distribution = byRow.flatMap((count, row) =>
    count === 0 ? [] : [[(edgesMicros[row]! + edgesMicros[row + 1]!) / 2, count] as const],
  )
  const slotMillis = 1000 / SLOTS_PER_ROUND
  return {
    count: byRow.reduce((sum, count) => sum + count, 0),
    maxMicros: distribution.at(-1)![0],
    distribution,
    overTime: { slotMillis, slots: ROUNDS * SLOTS_PER_ROUND, edgesMicros, counts },
  }
}

function figure(
  label: string,
  atLeast: number,
  measuredRatio: number,
): ComparisonResult['figures'][number] {
  return {
    label,
    how: 'ratio',
    metric: 'operationsPerSecond',
    of: 'uring-actor',
    atLeast,
    summary: summary([measuredRatio, measuredRatio * 0.97, measuredRatio * 1.02]),
    met: measuredRatio >= atLeast,
  }
}

function summary(values: readonly number[]): CaseResult['metrics'][string] {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1]!, min: sorted[0]!, max: sorted.at(-1)!, values }
}

/** Numbers from 0 to 1, always the same ones. */
function randomNumbers(): () => number {
  let state = 12345
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}
