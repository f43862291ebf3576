// What this process holds at the moment, as the kernel and Node tell it, and waiting for it to be so.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

export function openDescriptors(): number {
  // One of them is the listing's own.
  return readdirSync('/proc/self/fd').length - 1
}

/** Open descriptors but for source files: node's loader leaves those it had open when it failed. */
export function descriptorsBesidesSources(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return !readlinkSync(`/proc/self/fd/${fd}`).endsWith('.js')
    } catch {
      // The listing's own, closed by now.
      return false
    }
  }).length
}

/** How many descriptors of this process are open on the path. */
export function descriptorsOf(path: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      // Closed since the listing.
      return false
    }
  }).length
}

/** What the open descriptors are, and where each thread waits in the kernel: to be told where some are left. */
export function whatIsLeft(): string {
  const descriptors = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return 'the listing'
    }
  })
  const threads = readdirSync('/proc/self/task').map((thread) => {
    try {
      const at = (name: string): string => readFileSync(`/proc/self/task/${thread}/${name}`, 'utf8')
      return `${at('comm').trim()} in ${at('wchan')}`
    } catch {
      return 'one that has just ended'
    }
  })
  return `descriptors: ${descriptors.sort().join(', ')}; threads: ${threads.join(', ')}`
}

export function threadCount(): number {
  return readdirSync('/proc/self/task').length
}

export function residentBytes(): number {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))
  if (found === null) throw new Error('no VmRSS in /proc/self/status')
  return Number(found[1]) * 1024
}

/**
 * Processor time of another process, all threads that live, in milliseconds: the kernel's own account, to the
 * nanosecond. Looked at from outside, the process is not woken for it.
 */
export function processorMillisOf(pid: number): number {
  let nanoseconds = 0
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(
      readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0],
    )
  }
  return nanoseconds / 1e6
}

/** Handles by kind, as in { MessagePort: 2 }. */
export function handleCounts(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

/** Runs the garbage collector until what it frees has been let go by the event loop too. */
export async function collectGarbage(): Promise<void> {
  if (globalThis.gc === undefined) throw new Error('these tests need node --expose-gc')
  for (let round = 0; round < 4; round++) {
    globalThis.gc()
    await delay(20)
  }
}

/** Waits, bounded, until a condition holds; returns whether it did. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  millis: number = 3000,
): Promise<boolean> {
  const deadline = Date.now() + millis
  while (Date.now() < deadline) {
    if (await condition()) return true
    await delay(5)
  }
  return condition()
}
