// kernel.io_uring_disabled, set for as short a time as can be: it is the whole machine's.
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { missingSystemTests } from '../support/tools.ts'

const SETTING = '/proc/sys/kernel/io_uring_disabled'

/** The reason to skip what sets it. */
export function missingSysctl(): string | false {
  const needed = missingSystemTests()
  if (needed !== false) return needed
  try {
    const level = readSysctl()
    return level === '0' ? false : `kernel.io_uring_disabled is ${level} here`
  } catch {
    return 'the kernel has no kernel.io_uring_disabled'
  }
}

export function readSysctl(): string {
  return readFileSync(SETTING, 'utf8').trim()
}

/**
 * Runs something while it is set, and sets it back: by itself, and by a guard, a process that reads a
 * pipe which nobody writes to. However this process ends, the pipe does, and the guard sets it back.
 */
export async function whileDisabled<T>(level: 1 | 2, run: () => Promise<T>): Promise<T> {
  const before = readSysctl()
  const script = `read -r _; echo ${before} > ${SETTING}`
  // Of its own process group: what is sent to ours does not reach it.
  const guard = spawn('sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const gone = new Promise((resolve) => guard.once('exit', resolve))
  await new Promise((resolve, reject) => guard.once('spawn', resolve).once('error', reject))
  try {
    writeFileSync(SETTING, String(level))
    return await run()
  } finally {
    writeFileSync(SETTING, before)
    guard.stdin!.end()
    await gone
  }
}
