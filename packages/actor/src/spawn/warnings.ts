import type { EngineChoice } from '../engine/choice.ts'

/** What was said already: once in a process is enough. */
const said = new Set<string>()

/** Says by process.emitWarning that the actor runs with less than it could, and why. */
export function warnOnce(choice: EngineChoice, limitations: readonly string[]): void {
  if (choice.engine === 'threadpool' && !choice.forced) {
    warn(
      'URING_ACTOR_FALLBACK',
      `io_uring cannot be used, so files are read and written on Node's thread pool: ` +
        `${choice.reason}. To mend it: ${choice.remedy}`,
      limitations,
    )
  } else if (limitations.length > 0) {
    warn('URING_ACTOR_LIMITED', limitations.join('; '), [])
  }
}

/** Says that `uring-actor top` cannot watch, and why: the actor runs all the same. */
export function warnOfInspection(failure: string): void {
  warn('URING_ACTOR_INSPECT', `the socket for uring-actor top cannot be opened: ${failure}`, [])
}

function warn(code: string, message: string, details: readonly string[]): void {
  if (said.has(code)) return
  said.add(code)
  const detail = details.length > 0 ? { detail: details.join('\n') } : {}
  process.emitWarning(message, { type: 'UringActorWarning', code, ...detail })
}
