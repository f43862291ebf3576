import { spawnSync } from 'node:child_process'
import { closeSync, fsyncSync, openSync, readSync, rmSync, symlinkSync, writeSync } from 'node:fs'
import path from 'node:path'
import { bucketOf } from '@uring-actor/client/internal'
import { UNITS_MAX, UNITS_PER_MICROSECOND } from '@uring-actor/client/protocol'
import type { Case, CaseInput, Sample } from './comparison.ts'
import { dropCache } from './data/bench-files.ts'
import type { Load } from './loads/load.ts'
import type { LatencyRecorder, RawLatency } from './measure/latency-recorder.ts'
import { rates } from './measure/resources.ts'
import { programRefusal } from './programs.ts'

/** With more names its option would be too long. */
const FILES_BY_NAME = 64

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
      // What fio writes are no blocks of ours: it has a file of its own.
      const own = `${input.file}.fio`
      const files = load.operation === 'read' ? input.files : [own]
      const numbered = files.length > FILES_BY_NAME ? `${files[0]}.0` : null
      if (numbered !== null) symlinkSync(files[0]!, numbered)
      try {
        if (load.operation !== 'read') makeScratch(own, input.size, load.cache === 'warm')
        const args = [...filesArguments(files, input.size), ...loadArguments(engine, load, input)]
        return fio(args, load, latency)
      } finally {
        rmSync(own, { force: true })
        if (numbered !== null) rmSync(numbered)
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

/**
 * A file as those are that the others write to: all of it on the device, and in the page cache as
 * reading has brought it there, or not at all. One that was just written is much faster to write to.
 */
function makeScratch(file: string, size: number, warm: boolean): void {
  const chunk = Buffer.alloc(2 ** 20, 'fio')
  const descriptor = openSync(file, 'w+')
  try {
    for (let at = 0; at < size; at += chunk.length) {
      writeSync(descriptor, chunk, 0, Math.min(chunk.length, size - at), at)
    }
    fsyncSync(descriptor)
    dropCache(file)
    for (let at = 0; warm && at < size; at += chunk.length) {
      readSync(descriptor, chunk, 0, chunk.length, at)
    }
  } finally {
    closeSync(descriptor)
  }
}

/** fio takes the names of a few files, and of many that are numbered. */
function filesArguments(files: readonly string[], size: number): string[] {
  const all = `--size=${size * files.length}`
  if (files.length <= FILES_BY_NAME) {
    return [`--filename=${files.map((file) => file.replaceAll(':', '\\:')).join(':')}`, all]
  }
  const { dir, base } = path.parse(files[0]!)
  return [
    `--directory=${dir.replaceAll(':', '\\:')}`,
    `--filename_format=${base}.$filenum`,
    `--nrfiles=${files.length}`,
    all,
  ]
}

function loadArguments(engine: Engine, load: Load, input: CaseInput): string[] {
  const { operation, access, cache, inFlight, workers, bytes } = load
  return [
    '--name=load',
    '--file_service_type=random',
    `--ioengine=${engine}`,
    `--rw=${access === 'random' ? 'rand' : ''}${operation === 'read' ? 'read' : 'write'}`,
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
