// What must hold wherever io_uring is crippled: the actor works, and says once what is wrong.
import assert from 'node:assert/strict'
import type { EngineCause } from '@uring-actor/actor'
import type { TrimMethod } from '@uring-actor/client'
import { type ChildOptions, reportOf } from '../support/child.ts'
import { openDirectory } from '../support/ordinary-user.ts'
import type { CrippledReport } from './child.ts'

const child = new URL('./child.js', import.meta.url)

/** The code of the one warning. */
const WARNING = 'URING_ACTOR_FALLBACK'

/** Runs the child, or a copy of it, with a directory that every user may write to. */
export function runChild(options: ChildOptions, script: URL = child): Promise<CrippledReport> {
  return reportOf<CrippledReport>(script, {
    timeoutMillis: 120_000,
    ...options,
    args: [openDirectory()],
  })
}

export interface Expected {
  cause: EngineCause
  reason: RegExp
  remedy: RegExp
  /** 'hole' unless told. */
  trimmed?: TrimMethod
}

/** The actor runs on the thread pool, and whoever asks hears the cause and the remedy. */
export function assertFellBack(
  report: Omit<CrippledReport, 'queueDepth'>,
  expected: Expected,
): void {
  const { cause, reason, remedy, trimmed = 'hole' } = expected
  assert.equal(report.engine, 'threadpool')
  assert.equal(report.secondEngine, 'threadpool')
  assert.equal(report.stats.engine, 'threadpool')
  assert.match(report.stats.reason, reason)
  assert.deepEqual(report.trimmed, [trimmed, trimmed])

  const found = report.capabilities
  assert.equal(found.engine, 'threadpool')
  assert.equal(found.cause, cause)
  assert.match(found.reason, reason)
  assert.match(found.remedy, remedy)
  assert.equal(found.ioUring.usable, false)
  if (found.path !== null) assert.equal(found.path.trim, trimmed)

  assert.equal(report.warnings.length, 1, JSON.stringify(report.warnings))
  assert.equal(report.warnings[0]!.code, WARNING)
  assert.match(report.warnings[0]!.message, reason)
  assert.match(report.warnings[0]!.message, remedy)

  assert.equal(report.demanded?.code, 'ERR_URING_ENGINE')
  assert.match(report.demanded.message, reason)
  assert.match(report.demanded.message, remedy)
}

/** The actor runs on io_uring all the same; `limited` is what its one warning says, if there is one. */
export function assertRuns(report: CrippledReport, limited: RegExp | null = null): void {
  assert.equal(report.engine, 'io_uring')
  assert.equal(report.secondEngine, 'io_uring')
  assert.equal(report.capabilities.engine, 'io_uring')
  assert.equal(report.demanded, null)
  assert.deepEqual(report.trimmed, ['hole', 'hole'])
  assert.equal(report.warnings.length, limited === null ? 0 : 1, JSON.stringify(report.warnings))
  if (limited === null) return
  assert.equal(report.warnings[0]!.code, 'URING_ACTOR_LIMITED')
  assert.match(report.warnings[0]!.message, limited)
  assert.match(report.stats.limitations.join('; '), limited)
}
