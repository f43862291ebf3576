import type { MessagePort } from 'node:worker_threads'
import type { SlowOperation, Stages } from '@uring-actor/client'
import { METRICS, SLOW_KIND } from '@uring-actor/client/protocol'

/** An honest client sends fewer in a second. */
const MOST_PER_SECOND = 200
/** Of a path, in UTF-16 units: the kernel takes no longer ones. */
const LONGEST_TEXT = 4096
const SLOWEST: readonly unknown[] = ['queue', 'batch', 'kernel', 'delivery']

/**
 * Passes a client's reports of slow operations on to the thread that spawned the actor. What is
 * passed on is made anew of what is checked here: a client may send anything, as often as it likes.
 */
export function passSlowReports(client: MessagePort, spawner: MessagePort): void {
  let second = 0
  let passed = 0
  client.on('message', (message: unknown) => {
    const slow = reportOf(message)
    if (slow === null) return
    const now = Date.now()
    if (now - second > 1000) {
      second = now
      passed = 0
    }
    passed++
    if (passed <= MOST_PER_SECOND) spawner.postMessage({ kind: SLOW_KIND, slow })
  })
}

function reportOf(message: unknown): SlowOperation | null {
  if (typeof message !== 'object' || message === null) return null
  const { kind, slow } = message as { kind: unknown; slow: unknown }
  if (kind !== SLOW_KIND || typeof slow !== 'object' || slow === null) return null
  const {
    operation,
    threadId,
    file,
    position,
    length,
    startTime,
    errorCode,
    stages,
    slowest,
    untold,
  } = slow as Record<string, unknown>
  const checked = stagesOf(stages)
  if (checked === null || !isText(operation) || !SLOWEST.includes(slowest)) return null
  return {
    operation,
    threadId: numberOr(threadId, 0),
    file: isText(file) ? file : undefined,
    position: position === null ? null : numberOr(position, undefined),
    length: numberOr(length, undefined),
    startTime: numberOr(startTime, 0),
    errorCode: isText(errorCode) ? errorCode : undefined,
    stages: checked,
    slowest: slowest as SlowOperation['slowest'],
    untold: numberOr(untold, 0),
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' ? value : otherwise
}

function stagesOf(value: unknown): Stages | null {
  if (typeof value !== 'object' || value === null) return null
  const given = value as Record<string, unknown>
  const entries = METRICS.map((metric): [string, unknown] => [metric, given[metric]])
  if (!entries.every(([, micros]) => typeof micros === 'number')) return null
  return Object.fromEntries(entries) as unknown as Stages
}
