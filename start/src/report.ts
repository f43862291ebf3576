import os from 'node:os'
import process from 'node:process'
import Table from 'cli-table3'
import type { Outcome } from './job.ts'
import type { Options } from './options.ts'
import { KINDS } from './shared.ts'
import { counted, formatCount, formatSize } from './sizes.ts'
import type { Summary } from './summary.ts'
import type { WorkloadFile } from './workload-file.ts'

const INDENT = ' '.repeat(10)

/** The job as it is about to run. */
export function opening(options: Options, file: WorkloadFile): string {
  const { size, direct, workers, depth, mix, seed } = options
  const [reads, writes, trims] = mix
  return lines([
    ['file', `${file.path}${file.temporary ? ' (temporary)' : ''}`],
    ['size', `${formatSize(size)} in blocks of 4 KiB, ${direct ? 'direct' : 'buffered'}`],
    ['load', `${reads} % reads, ${writes} % writes, ${trims} % trims, seed ${seed}`],
    [
      'from',
      `${counted(workers, 'worker')}${workers === 1 ? '' : ', each'} with ` +
        `${counted(depth, 'operation')} in flight`,
    ],
  ])
}

/** The job as it went: the table, and what was verified. */
export function closing(outcome: Outcome, summary: Summary, file: WorkloadFile): string {
  const parts: string[] = []
  if (outcome.random !== null) {
    parts.push(table(summary))
    parts.push(
      lines([
        ['engine', `${outcome.engine}: ${outcome.engineReason}`],
        ...batch(outcome),
        ['machine', machine()],
        ['verified', verified(outcome, summary, file)],
      ]),
    )
  }
  if (summary.mismatches > 0) parts.push(wrong(summary))
  return parts.join('')
}

/** The thread pool's engine has no batches. */
function batch({ engine, meanBatch }: Outcome): Array<[string, string]> {
  if (engine !== 'io_uring') return []
  return [['batch', `${meanBatch.toFixed(1)} operations per submission`]]
}

function table(summary: Summary): string {
  const head = ['', 'count', 'ops/s', 'MB/s', 'p50', 'p99', 'p99.9', 'busy', 'idle']
  const rows = new Table({
    head,
    colAligns: ['left', ...head.slice(1).map((): 'right' => 'right')],
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1, compact: true },
  })
  for (const kind of KINDS) {
    const of = summary.kinds[kind]
    if (of.count === 0) continue
    rows.push([
      kind,
      formatCount(of.count),
      formatCount(of.operationsPerSecond),
      formatCount(of.megabytesPerSecond),
      ...[of.p50, of.p99, of.p999, of.meanBusy, of.meanIdle].map(micros),
    ])
  }
  rows.push(['all', formatCount(summary.count), formatCount(summary.operationsPerSecond)])
  return (
    `${rows.toString()}\n` +
    `in ${summary.seconds.toFixed(1)} s; times in µs, from call to result\n` +
    'busy: mean time that our code, on either thread, worked on one; idle: the rest\n\n'
  )
}

/** Three digits say enough of a time. */
function micros(value: number | null): string {
  if (value === null) return '–'
  return value < 100 ? value.toPrecision(value < 1 ? 2 : 3) : formatCount(value)
}

function verified(outcome: Outcome, summary: Summary, file: WorkloadFile): string {
  const { kinds, zeroReads, mismatches } = summary
  const reads =
    `${formatCount(kinds.read.count)} reads, ` +
    `${formatCount(zeroReads)} of them of trimmed blocks (zeros)`
  const right = mismatches === 0 ? 'every byte is as it was written' : 'WRONG DATA, see below'
  return outcome.checked
    ? `${reads},\n${INDENT}and all ${formatCount(file.blocks)} blocks at the end: ${right}`
    : `${reads}:\n${INDENT}${right}; the last check of all blocks was left out`
}

function wrong(summary: Summary): string {
  const { mismatches, firstMismatches } = summary
  const some = firstMismatches.length < mismatches ? 'the first: ' : ''
  return (
    `\nWRONG DATA: ${formatCount(mismatches)} ${mismatches === 1 ? 'read' : 'reads'} did not ` +
    `match what was written${some === '' ? ':' : `, ${some}`}\n` +
    firstMismatches
      .map(
        ({ block, position, phase, what }) =>
          `  block ${block} at byte ${position} (${phase}): ${what}\n`,
      )
      .join('')
  )
}

function lines(rows: ReadonlyArray<readonly [string, string]>): string {
  return rows.map(([name, text]) => `${name.padEnd(INDENT.length)}${text}\n`).join('')
}

/** What every figure must be read with. */
function machine(): string {
  const model = os.cpus()[0]?.model ?? 'unknown CPU'
  return `${os.availableParallelism()} × ${model}, Linux ${os.release()}, Node.js ${process.version}`
}

/** Everything of the above as one JSON object. */
export function json(
  options: Options,
  file: WorkloadFile,
  outcome: Outcome,
  summary: Summary,
  interrupted: string | null,
): string {
  const { size, workers, depth, mix, seed, direct } = options
  const { engine, engineReason, meanBatch, checked } = outcome
  const result = {
    ok: summary.mismatches === 0 && summary.failure === null,
    interrupted,
    engine,
    engineReason,
    direct,
    file: file.path,
    temporary: file.temporary,
    size,
    blocks: file.blocks,
    workers,
    depth,
    mix: { read: mix[0], write: mix[1], trim: mix[2] },
    seed,
    seconds: summary.seconds,
    meanBatch,
    count: summary.count,
    operationsPerSecond: summary.operationsPerSecond,
    operations: summary.kinds,
    verified: { reads: summary.kinds.read.count, zeroReads: summary.zeroReads, lastCheck: checked },
    mismatches: { count: summary.mismatches, first: summary.firstMismatches },
    failure: summary.failure,
    machine: {
      kernel: os.release(),
      node: process.version,
      cpus: os.availableParallelism(),
      cpuModel: os.cpus()[0]?.model ?? null,
    },
  }
  return `${JSON.stringify(result, null, 2)}\n`
}
