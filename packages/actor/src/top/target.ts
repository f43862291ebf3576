import { statSync } from 'node:fs'
import { defaultPlace } from '../inspect/place.ts'
import { Failure, NOT_WATCHABLE } from './failure.ts'

/** Whose socket is meant. */
export interface Target {
  /** Where it should be. */
  readonly path: string
  /** Null where the path was given. */
  readonly pid: number | null
}

const HOW_TO_ASK = 'It has to ask for one: spawnActor({ inspect: true }), or URING_ACTOR_INSPECT=1'

/** What the user's argument stands for: the number of a process, or the path of a socket. */
export function findTarget(argument: string): Target {
  if (!/^[0-9]+$/.test(argument)) return { path: argument, pid: null }
  const pid = Number(argument)
  return { path: defaultPlace(ownerOf(pid), pid).path, pid }
}

/** The user that a process runs as. */
function ownerOf(pid: number): number {
  const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid
  if (owner !== undefined) return owner
  // Without /proc only our own processes can be told.
  const own = process.geteuid?.()
  if (own !== undefined && statSync('/proc/self', { throwIfNoEntry: false }) === undefined) {
    try {
      process.kill(pid, 0)
      return own
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPERM') return own
    }
  }
  throw new Failure(`there is no process ${pid}`, NOT_WATCHABLE)
}

/** What it means that one cannot connect. */
export function connectFailure({ path, pid }: Target, code: string | undefined): Failure {
  const whose = pid === null ? 'the process' : `process ${pid}`
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new Failure(
        pid === null
          ? `there is no socket ${path}`
          : `process ${pid} has no socket ${path}. ${HOW_TO_ASK}. ` +
              'If it has another TMPDIR, give the path of its socket',
        NOT_WATCHABLE,
      )
    case 'EACCES':
    case 'EPERM':
      return new Failure(
        `permission denied: ${path} is for the user only that ${whose} runs as`,
        NOT_WATCHABLE,
      )
    case 'ECONNREFUSED':
      return new Failure(
        isSocket(path) ? `nobody listens at ${path}: its actor has ended` : `${path} is no socket`,
        NOT_WATCHABLE,
      )
    default:
      return new Failure(`cannot connect to ${path}: ${code}`, NOT_WATCHABLE)
  }
}

/** True also when it is gone by now: then it was one a moment ago. */
function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? true
}

/** Somebody else may have made a socket where that of a process should be. */
export function assertOwner({ path, pid }: Target): void {
  if (pid === null) return
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined || stats.uid === ownerOf(pid)) return
  throw new Failure(
    `${path} belongs to the user ${stats.uid}, not to process ${pid}`,
    NOT_WATCHABLE,
  )
}
