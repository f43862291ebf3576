import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import type { Case, CaseInput, Sample } from './comparison.ts'
import { dropCache } from './data/bench-files.ts'
import { FioHistograms, type FioLatency, wholeRun } from './fio-latency.ts'
import type { Load } from './loads/load.ts'
import type { LatencyRecorder } from './measure/latency-recorder.ts'
import { rates } from './measure/resources.ts'
import { programRefusal } from './programs.ts'

/** With more names its option would be too long. */
const FILES_BY_NAME = 64

type Engine = 'io_uring' | 'libaio'

interface FioDirection {
  readonly total_ios: number
  /** Milliseconds. */
  readonly runtime: number
  readonly clat_ns: FioLatency
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
      const own = path.join(input.scratch, 'fio')
      const files = load.operation === 'read' ? input.files : [own]
      if (load.operation !== 'read') makeScratch(own, input.size, load.cache === 'warm')
      const args = [...filesArguments(files, input), ...loadArguments(engine, load, input)]
      try {
        return fio(args, load, input, latency)
      } finally {
        rmSync(own, { force: true })
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

/** fio takes the names of a few files, and of many that are numbered in one folder. */
function filesArguments(files: readonly string[], { size, scratch }: CaseInput): string[] {
  const all = `--size=${size * files.length}`
  if (files.length <= FILES_BY_NAME) return [`--filename=${files.map(escaped).join(':')}`, all]
  const folder = path.join(scratch, 'numbered')
  if (!existsSync(folder)) {
    mkdirSync(folder)
    for (const [number, file] of files.entries()) symlinkSync(file, path.join(folder, `${number}`))
  }
  return [
    `--directory=${escaped(folder)}`,
    '--filename_format=$filenum',
    `--nrfiles=${files.length}`,
    all,
  ]
}

/** fio takes a colon for the end of a name. */
function escaped(file: string): string {
  return file.replaceAll(':', '\\:')
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

function fio(
  args: readonly string[],
  load: Load,
  { scratch, seconds }: CaseInput,
  latency: LatencyRecorder,
): Sample {
  const logs = new FioHistograms(scratch, seconds)
  const { status, stdout, stderr, error } = spawnSync(
    'fio',
    [...args, ...logs.args, '--thread', '--output-format=json+'],
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
  latency.add({ ...wholeRun(clat_ns), overTime: logs.take() })
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
