// What this machine offers to tests; each answer is false, or the reason to skip a test with.
import { spawnSync } from 'node:child_process'

/** The reason to skip what needs a program; false when it is there. */
export function missingProgram(name: string): string | false {
  const { error } = spawnSync(name, ['--version'], { stdio: 'ignore' })
  return error === undefined ? false : `${name} is not installed`
}

/** The reason to skip what needs strace to trace a child; false when it can. */
export function missingStrace(): string | false {
  const missing = missingProgram('strace')
  if (missing !== false) return missing
  const { status } = spawnSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' })
  return status === 0 ? false : 'strace may not trace processes here'
}

/** The reason to skip what needs root; false for root. */
export function missingRoot(): string | false {
  return process.getuid?.() === 0 ? false : 'needs root'
}

/** The variable that lets tests change the system: mounts, devices, sysctls, cgroups. */
const SYSTEM_TESTS = 'URING_ACTOR_SYSTEM_TESTS'

/** The reason to skip what changes the system: only when asked, and only as root. */
export function missingSystemTests(): string | false {
  if (process.env[SYSTEM_TESTS] !== '1')
    return `changes the system: set ${SYSTEM_TESTS}=1 to run it`
  return missingRoot()
}

/** The option that puts node's permission model in force: it has lost its prefix in node 23.5. */
export const PERMISSION_MODEL: string = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'
