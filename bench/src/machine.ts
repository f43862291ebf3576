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

/** CPU time so far, in ticks. */
export interface CpuTimes {
  readonly all: number
  readonly busy: number
  readonly steal: number
  /** This process's and, once they have ended, its children's. */
  readonly own: number
}

export function cpuTimes(): CpuTimes {
  // cpu  user nice system idle iowait irq softirq steal guest guest_nice; guest is part of user.
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!
  const times = line.split(/\s+/).slice(1, 9).map(Number)
  const [user, nice, system, , , , , steal] = times
  // Fields 14 to 17 of stat: utime stime cutime cstime. The name may hold blanks: count behind it.
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  return {
    all: sum(times),
    // Interrupts are left out: those of our own I/O are nobody's in particular.
    busy: user! + nice! + system!,
    steal: steal ?? 0,
    own: sum(fields.slice(11, 15)),
  }
}

/** Shares of the CPU time between two moments that others had. */
export interface Noise {
  /** Taken by the hypervisor. */
  readonly steal: number
  /** Used by processes that are not the benchmark's. */
  readonly others: number
}

export function noiseBetween(before: CpuTimes, after: CpuTimes): Noise {
  const all = Math.max(1, after.all - before.all)
  const busy = after.busy - before.busy
  const own = after.own - before.own
  return { steal: (after.steal - before.steal) / all, others: Math.max(0, busy - own) / all }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
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
