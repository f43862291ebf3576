import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { bucketOf } from '@uring-actor/client/internal'
import { UNITS_MAX, UNITS_PER_MICROSECOND } from '@uring-actor/client/protocol'
import type { Case, CaseInput, Sample } from './comparison.ts'
import type { Load } from './loads/load.ts'
import type { LatencyRecorder, RawLatency } from './measure/latency-recorder.ts'
import { rates } from './measure/resources.ts'
import { programRefusal } from './programs.ts'

type Engine = 'io_uring' | 'libaio'

interface FioDirection {
  readonly total_ios: number
  /** Milliseconds. */
  readonly runtime: number
  readonly clat_ns: { readonly max: number; readonly bins?: Readonly<Record<string, number>> }
}

interface FioJob {
  readonly read: FioDirection
  readonly write: FioDirection
  readonly usr_cpu: number
  readonly sys_cpu: number
  readonly ctx: number
}

/** One of fio's engines, which does nothing else: what the machine can do. It does not look at blocks. */
export function fioCase(name: string, engine: Engine, load: Load): Case {
  return {
    name,
    role: engine === 'io_uring' ? 'limit' : 'peer',
    missing: () => programRefusal('fio'),
    run(input, latency) {
      const scratch = `${input.file}.fio`
      try {
        return fio(argumentsOf(engine, load, input, scratch), load, latency)
      } finally {
        rmSync(scratch, { force: true })
      }
    },
  }
}

/** fio's io_uring engine: random blocks read from the file by one thread. */
export function fioReads(name: string, inFlight: number, direct: boolean): Case {
  const cache = direct ? 'direct' : 'warm'
  const load = { operation: 'read', access: 'random', cache, inFlight, workers: 1 } as const
  const one = fioCase(name, 'io_uring', { ...load, bytes: 4096 })
  // Beside cases that read the first file only.
  return { ...one, run: (input, latency) => one.run({ ...input, files: [input.file] }, latency) }
}

function argumentsOf(engine: Engine, load: Load, input: CaseInput, scratch: string): string[] {
  const { operation, access, cache, inFlight, workers, bytes } = load
  const reads = operation === 'read'
  // What fio writes are no blocks of ours: it has a file of its own.
  const files = reads ? input.files : [scratch]
  return [
    '--name=load',
    `--filename=${files.map((file) => file.replaceAll(':', '\\:')).join(':')}`,
    `--size=${input.size * files.length}`,
    '--file_service_type=random',
    `--ioengine=${engine}`,
    `--rw=${access === 'random' ? 'rand' : ''}${reads ? 'read' : 'write'}`,
    ...(operation === 'durable' ? ['--fdatasync=1'] : []),
    `--bs=${bytes}`,
    `--iodepth=${Math.floor(inFlight / workers)}`,
    `--numjobs=${workers}`,
    '--group_reporting',
    `--direct=${cache === 'direct' ? 1 : 0}`,
    // It would drop the file from the page cache first.
    '--invalidate=0',
    // As in the other loads: any block at any time, in another order each time.
    '--norandommap',
    '--randrepeat=0',
    '--time_based',
    `--runtime=${Math.round(input.seconds * 1000)}ms`,
  ]
}

function fio(args: readonly string[], load: Load, latency: LatencyRecorder): Sample {
  const { status, stdout, stderr, error } = spawnSync(
    'fio',
    [...args, '--thread', '--output-format=json+'],
    { encoding: 'utf8', maxBuffer: 2 ** 28 },
  )
  if (error !== undefined) throw error
  // Notes may stand before the JSON.
  const json = stdout.slice(stdout.search(/^\{/m))
  if (status !== 0 || !json.startsWith('{')) {
    throw new Error(`fio ended with ${status}: ${stderr.trim() || stdout.trim()}`)
  }
  const job = (JSON.parse(json) as { jobs: FioJob[] }).jobs[0]!
  const {
    total_ios: operations,
    runtime,
    clat_ns,
  } = load.operation === 'read' ? job.read : job.write
  latency.add(rawLatency(clat_ns))
  // Of all jobs' time together: it shows their mean share.
  const micros = (percent: number): number => (percent / 100) * runtime * 1000 * load.workers
  const { rssMiB: _ofNode, ...sample } = rates(operations, load.bytes, runtime / 1000, {
    userMicros: micros(job.usr_cpu),
    systemMicros: micros(job.sys_cpu),
    contextSwitches: job.ctx,
    rssKiB: 0,
  })
  return sample
}

/** fio's bins are of nanoseconds, and finer than ours; when is not told. */
function rawLatency({ max, bins = {} }: FioDirection['clat_ns']): RawLatency {
  const counts = new Map<number, number>()
  for (const [nanos, count] of Object.entries(bins)) {
    const units = Math.min(UNITS_MAX, Math.floor((Number(nanos) / 1000) * UNITS_PER_MICROSECOND))
    const bucket = bucketOf(units)
    counts.set(bucket, (counts.get(bucket) ?? 0) + count)
  }
  return { maxMicros: max / 1000, buckets: [...counts].sort(([a], [b]) => a - b), overTime: [] }
}
