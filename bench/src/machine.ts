import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import os from 'node:os'

/** What the figures were measured on: they mean nothing without it. */
export interface Machine {
  readonly date: string
  readonly commit: string
  readonly node: string
  readonly kernel: string
  readonly cpu: string
  readonly cpus: number
  readonly memoryGiB: number
  readonly filesystem: string
  /** Load average of the last minute, before the first case. */
  readonly load: number
  /** What the environment forces, if anything. */
  readonly engine: string
}

export function describeMachine(path: string): Machine {
  const cpus = os.cpus()
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    cpu: cpus[0]?.model ?? 'unknown',
    cpus: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    filesystem: filesystemOf(path),
    load: os.loadavg()[0]!,
    engine: process.env.URING_ACTOR_ENGINE || 'auto',
  }
}

/** Steal and all CPU time since boot, in ticks. */
export interface CpuTimes {
  readonly steal: number
  readonly all: number
}

export function cpuTimes(): CpuTimes {
  // cpu  user nice system idle iowait irq softirq steal guest guest_nice; guest is part of user.
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  return { steal: times[7] ?? 0, all: times.reduce((sum, time) => sum + time, 0) }
}

export function stealShare(before: CpuTimes, after: CpuTimes): number {
  const all = after.all - before.all
  return all === 0 ? 0 : (after.steal - before.steal) / all
}

/** The commit of this checkout, marked when files differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' })
  const { status, stdout } = git('rev-parse', '--short=12', 'HEAD')
  if (status !== 0) return 'unknown'
  // What is measured: neither notes nor results make it another program.
  const changed = git('status', '--porcelain', '--', ':/packages', ':/bench/src').stdout !== ''
  return `${stdout.trim()}${changed ? '-dirty' : ''}`
}

/** Type and device of the mount that holds the path. */
function filesystemOf(path: string): string {
  const real = realpathSync(path)
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, at]) => real === at || real.startsWith(at === '/' ? '/' : `${at}/`))
  // The longest is the innermost; of equal ones the later hides the earlier.
  const mount = mounts.reduce<string[]>(
    (best, next) => (next[1]!.length >= (best[1]?.length ?? 0) ? next : best),
    [],
  )
  return `${mount[2]} on ${mount[0]}`
}
