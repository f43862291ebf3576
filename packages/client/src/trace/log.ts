import { writeSync } from 'node:fs'
import { codeOf } from '../errors/index.ts'
import type { OperationSpan } from './types.ts'

/** Spans as lines, in the form of Rust's tracing-subscriber: those of the crate io_uring_actor. */

const UNITS = ['ns', 'µs', 'ms', 's'] as const

/** A time with three significant digits, as tracing-subscriber prints it: `2.31µs`. */
function timing(micros: number): string {
  let value = micros * 1000
  for (const unit of UNITS) {
    // The bounds are those of rounding: 9.996 is 10.0, with as many digits as its neighbours.
    if (value < 9.995) return `${value.toFixed(2)}${unit}`
    if (value < 99.95) return `${value.toFixed(1)}${unit}`
    if (value < 999.5 || unit === 's') return `${value.toFixed(0)}${unit}`
    value /= 1000
  }
  return ''
}

/** Milliseconds since the epoch in ISO 8601, with the microseconds that Date does not have. */
function timestamp(epochMillis: number): string {
  const micros = Math.round(epochMillis * 1000)
  const iso = new Date(Math.floor(micros / 1000)).toISOString()
  return `${iso.slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`
}

/** A path in quotes: whatever a file is called, it ends no line and steers no terminal. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    // Control characters that JSON lets through, and those that turn the direction of text.
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * One line for an operation that has ended, without a line feed: when it ended, with the
 * microseconds, what it was, and how long it was busy and idle. An operation without stages, which
 * was never posted, has no times.
 */
export function lineOf(span: OperationSpan): string {
  const { file, position, length, result, error, stages } = span
  const fields = [`client.thread=${span.threadId}`]
  if (file !== undefined) fields.push(`file=${quoted(file)}`)
  if (position !== undefined) fields.push(`position=${position}`)
  if (length !== undefined) fields.push(`length=${length}`)
  if (error !== undefined) fields.push(`error=${codeOf(error)}`)
  else if (result !== undefined) fields.push(`result=${result}`)
  const ended = timestamp(span.startTime + (stages?.total ?? 0) / 1000)
  const times = stages ? ` time.busy=${timing(stages.busy)} time.idle=${timing(stages.idle)}` : ''
  return `${ended} INFO uring_actor: ${span.operation}{${fields.join(' ')}}: close${times}`
}

/**
 * Writes the line of an operation that has ended to stderr; never throws.
 *
 * To the descriptor, not to `process.stderr`: a worker's goes by messages through the main thread,
 * so its lines would wait while that one is busy, and be lost when either ends. What a full pipe
 * that does not block refuses is left to `process.stderr` all the same, which waits for room
 * without holding up the thread; what cannot be written at all is dropped, as tracing must not fail
 * what it watches.
 */
export function writeLine(span: OperationSpan): void {
  const bytes = Buffer.from(`${lineOf(span)}\n`)
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(2, bytes, written)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
    process.stderr.write(bytes.subarray(written))
  }
}
