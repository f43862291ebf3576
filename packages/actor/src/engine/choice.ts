import { getSystemErrorName } from 'node:util'

/** What decided on the engine. */
export type EngineCause =
  /** io_uring runs. */
  | 'available'
  /** `engine:` or URING_ACTOR_ENGINE asked for the thread pool. */
  | 'forced'
  /** This is not Linux. */
  | 'platform'
  /** The addon is not built, or cannot be loaded. */
  | 'missing-addon'
  /** Node's permission model forbids addons. */
  | 'permission-model'
  /** kernel.io_uring_disabled is 1 or 2. */
  | 'sysctl'
  /** A seccomp filter, as containers have. */
  | 'seccomp'
  /** A security module: SELinux, AppArmor. */
  | 'security-module'
  /** RLIMIT_MEMLOCK is too low. */
  | 'memlock'
  /** RLIMIT_NOFILE is too low, or the system has no descriptors left. */
  | 'files'
  /** The kernel is too old for what is needed, or was built without io_uring. */
  | 'old-kernel'
  | 'other'

/** Which engine carries the operations out, and why. */
export interface EngineChoice {
  readonly engine: 'io_uring' | 'threadpool'
  /** True when the caller asked for this engine. */
  readonly forced: boolean
  readonly cause: EngineCause
  /** One sentence for people. */
  readonly reason: string
  /** One line that says what to do about it; empty when nothing is to be done. */
  readonly remedy: string
}

/** What stands in the way of io_uring; null when nothing does. */
export type EngineObstacle =
  /** Loading the addon threw; `code` is that of the error. */
  | { readonly kind: 'addon'; readonly code: string; readonly message: string }
  /** A call failed: its name, and `-errno`. */
  | { readonly kind: 'call'; readonly call: string; readonly errno: number }

/** What the system says about io_uring, as far as it may be read. */
export interface EngineFacts {
  readonly platform: string
  /** kernel.io_uring_disabled: 0, 1 or 2; null where there is none (before Linux 6.6) or no right. */
  readonly ioUringDisabled: number | null
  /** True when a seccomp filter is in force; null when unknown. */
  readonly seccomp: boolean | null
  /**
   * True for whom kernel.io_uring_disabled = 1 lets pass: with CAP_SYS_ADMIN, or a member of
   * kernel.io_uring_group. Null when unknown.
   */
  readonly privileged: boolean | null
}

type Finding = Pick<EngineChoice, 'cause' | 'reason' | 'remedy'>

/**
 * The engine that is used, and why. `asked` is the option or the environment variable; `obstacle`
 * is what kept io_uring from being set up, null when it was (or, for 'threadpool', was not tried).
 */
export function chooseEngine(
  asked: 'auto' | 'io_uring' | 'threadpool',
  obstacle: EngineObstacle | null,
  facts: EngineFacts,
): EngineChoice {
  const forced = asked !== 'auto'
  if (asked === 'threadpool') {
    const reason = 'the thread pool was asked for'
    return { engine: 'threadpool', forced, cause: 'forced', reason, remedy: '' }
  }
  if (obstacle === null) {
    const reason = 'io_uring is there'
    return { engine: 'io_uring', forced, cause: 'available', reason, remedy: '' }
  }
  return { engine: 'threadpool', forced: false, ...explain(obstacle, facts) }
}

/** Why io_uring cannot be had, and what to do about it. */
export function explain(obstacle: EngineObstacle, facts: EngineFacts): Finding {
  if (facts.platform !== 'linux') {
    const reason = `io_uring exists only on Linux, not on ${facts.platform}`
    return { cause: 'platform', reason, remedy: 'run on Linux 5.19 or newer' }
  }
  if (obstacle.kind === 'addon') return addonFinding(obstacle.code, obstacle.message)
  const name = getSystemErrorName(obstacle.errno)
  const failed = `${obstacle.call} failed with ${name}`
  const { cause, why, remedy } = errnoFinding(name, facts)
  return { cause, reason: `${failed}: ${why}`, remedy }
}

function addonFinding(code: string, message: string): Finding {
  if (code === 'ERR_DLOPEN_DISABLED') {
    return {
      cause: 'permission-model',
      reason: "--no-addons or Node's permission model forbids addons (ERR_DLOPEN_DISABLED)",
      remedy: 'start node with --allow-addons, or accept the thread pool',
    }
  }
  return {
    cause: 'missing-addon',
    reason: message.split('\n', 1)[0],
    remedy: 'build it in the folder of @uring-actor/native: npx node-gyp rebuild (needs g++, make)',
  }
}

interface ErrnoFinding {
  readonly cause: EngineCause
  readonly why: string
  readonly remedy: string
}

const SYSCTL_REMEDIES: Readonly<Record<number, string>> = {
  1: 'sysctl kernel.io_uring_disabled=0, or join the group of kernel.io_uring_group',
  2: 'sysctl kernel.io_uring_disabled=0',
}
const SECCOMP: ErrnoFinding = {
  cause: 'seccomp',
  why: 'a seccomp filter forbids it, as container runtimes do by default',
  remedy: 'allow io_uring_setup, io_uring_enter and io_uring_register in the seccomp profile',
}
const OLD_KERNEL: ErrnoFinding = {
  cause: 'old-kernel',
  why: 'the kernel is older than Linux 5.19, or was built without what is needed',
  remedy: 'run on Linux 5.19 or newer with CONFIG_IO_URING',
}
const FILES: ErrnoFinding = {
  cause: 'files',
  why: 'no file descriptor is left, or the limit of open files is too low',
  remedy: 'raise the limit of open files: ulimit -n, or LimitNOFILE= of systemd',
}

function errnoFinding(name: string, facts: EngineFacts): ErrnoFinding {
  const disabled = facts.ioUringDisabled ?? 0
  switch (name) {
    case 'EPERM':
      if (disabled === 0 || (disabled === 1 && facts.privileged === true)) return SECCOMP
      return {
        cause: 'sysctl',
        why: `the sysctl kernel.io_uring_disabled is ${disabled}`,
        remedy: SYSCTL_REMEDIES[disabled] ?? 'sysctl kernel.io_uring_disabled=0',
      }
    case 'EACCES':
      return {
        cause: 'security-module',
        why: 'a security module forbids it (SELinux, AppArmor)',
        remedy: 'allow io_uring in the policy of the security module',
      }
    case 'ENOSYS':
      // A kernel that has the sysctl has io_uring, so something hides it.
      return facts.seccomp === true || facts.ioUringDisabled !== null ? SECCOMP : OLD_KERNEL
    case 'ENOMEM':
      return {
        cause: 'memlock',
        why: 'the limit of locked memory is too low, or there is no memory',
        remedy: 'raise the limit of locked memory: ulimit -l, or LimitMEMLOCK= of systemd',
      }
    case 'EMFILE':
    case 'ENFILE':
      return FILES
    case 'EINVAL':
    case 'ENOTSUP':
      return OLD_KERNEL
    default:
      return {
        cause: 'other',
        why: 'the reason is not known',
        remedy: 'run uring-actor doctor, and report what it says',
      }
  }
}
