import { readFileSync } from 'node:fs'
import { METRIC_KEYS, type Sample } from '../comparison.ts'

/** What a process has used of the machine. */
export interface Used {
  readonly userMicros: number
  readonly systemMicros: number
  readonly contextSwitches: number
  /** Most that it has held at any time, in KiB. */
  readonly rssKiB: number
}

/** The whole process's: kernel threads that work for it are included. */
export function usedSoFar(): Used {
  const usage = process.resourceUsage()
  return {
    userMicros: usage.userCPUTime,
    systemMicros: usage.systemCPUTime,
    contextSwitches: usage.voluntaryContextSwitches + usage.involuntaryContextSwitches,
    rssKiB: mostResidentKiB(),
  }
}

/** Not getrusage's: a process that was spawned begins with its parent's maximum there. */
function mostResidentKiB(): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  if (found === null) throw new Error('/proc/self/status tells no VmHWM')
  return Number(found[1])
}

export function usedSince(before: Used): Used {
  const now = usedSoFar()
  return {
    userMicros: now.userMicros - before.userMicros,
    systemMicros: now.systemMicros - before.systemMicros,
    contextSwitches: now.contextSwitches - before.contextSwitches,
    rssKiB: now.rssKiB,
  }
}

/** The metrics of so many operations of so many bytes. */
export function rates(operations: number, bytes: number, seconds: number, used: Used): Sample {
  return {
    operations,
    [METRIC_KEYS.operationsPerSecond]: operations / seconds,
    [METRIC_KEYS.bytesPerSecond]: (operations * bytes) / seconds,
    [METRIC_KEYS.cpuMicros]: (used.userMicros + used.systemMicros) / operations,
    [METRIC_KEYS.userMicros]: used.userMicros / operations,
    [METRIC_KEYS.systemMicros]: used.systemMicros / operations,
    [METRIC_KEYS.contextSwitches]: used.contextSwitches / operations,
    [METRIC_KEYS.rssMiB]: used.rssKiB / 1024,
  }
}
