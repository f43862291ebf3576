import { spawnSync } from 'node:child_process'
import type { Case, Sample } from './comparison.ts'
import { programRefusal } from './programs.ts'

interface FioJob {
  read: { iops: number; total_ios: number; runtime: number }
  usr_cpu: number
  sys_cpu: number
}

/** fio's io_uring engine: random blocks read from the file by one thread. */
export function fioReads(name: string, depth: number, direct: boolean): Case {
  return {
    name,
    missing: () => programRefusal('fio'),
    run({ file, size, seconds }) {
      return fio([
        '--name=reads',
        `--filename=${file.replaceAll(':', '\\:')}`,
        `--size=${size}`,
        '--ioengine=io_uring',
        '--rw=randread',
        '--bs=4k',
        `--iodepth=${depth}`,
        `--direct=${direct ? 1 : 0}`,
        // It would drop the file from the page cache first.
        '--invalidate=0',
        // As in the other loads: any block at any time, in another order each time.
        '--norandommap',
        '--randrepeat=0',
        '--time_based',
        `--runtime=${Math.round(seconds * 1000)}ms`,
      ])
    },
  }
}

function fio(args: readonly string[]): Sample {
  const { status, stdout, stderr, error } = spawnSync(
    'fio',
    [...args, '--thread', '--output-format=json'],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  )
  if (error !== undefined) throw error
  // Notes may stand before the JSON.
  const json = stdout.slice(stdout.search(/^\{/m))
  if (status !== 0 || !json.startsWith('{')) {
    throw new Error(`fio ended with ${status}: ${stderr.trim() || stdout.trim()}`)
  }
  const job = (JSON.parse(json) as { jobs: FioJob[] }).jobs[0]!
  const cpuShare = (job.usr_cpu + job.sys_cpu) / 100
  return {
    operationsPerSecond: job.read.iops,
    cpuMicros: (cpuShare * job.read.runtime * 1000) / job.read.total_ios,
  }
}
