import type { OperationRows } from '../trace/operation-rows.ts'
import type { CompletionRing } from './completion-ring.ts'
import type { Place } from './place.ts'

/**
 * The clients of this thread that have not ended, as a list. When the thread exits, none of its waits
 * may be left for the actor to notify: while Node 20 takes a thread apart, a notification of it uses
 * what is gone already, and the process ends by SIGSEGV (docs/safety.md). And a client that the actor
 * has not heard of yet gives its place back: it may never hear of it. A thread that is terminated
 * runs no code of ours, and keeps that risk.
 *
 * No Set: tables that it has outgrown would name clients that are gone, and keep their channels until
 * the old generation is collected.
 */
export interface ExitEntry {
  completions: CompletionRing | null
  rows: OperationRows | null
  place: Place | null
  before: ExitEntry | null
  after: ExitEntry | null
}

let first: ExitEntry | null = null
let listening = false

/**
 * Has a client's waits ended when its thread exits, its place given back, and what it has recorded for
 * a trace file handed on. There is one listener, whoever connects.
 */
export function endAtExit(
  completions: CompletionRing,
  rows: OperationRows,
  place: Place,
): ExitEntry {
  const entry: ExitEntry = { completions, rows, place, before: null, after: first }
  if (first !== null) first.before = entry
  first = entry
  if (!listening) {
    listening = true
    process.once('exit', endAll)
  }
  return entry
}

/** V8 carries out one notification at a time: when these are done, one by the actor is, too. */
function endAll(): void {
  for (let entry = first; entry !== null; entry = entry.after) {
    entry.completions?.wakeSelf()
    entry.rows?.handOn()
    entry.place?.abandon()
  }
}

export function forgetAtExit(entry: ExitEntry): void {
  if (entry.completions === null) return
  if (entry.before !== null) entry.before.after = entry.after
  else first = entry.after
  if (entry.after !== null) entry.after.before = entry.before
  entry.completions = null
  entry.rows = null
  entry.place = null
  entry.before = null
  entry.after = null
}
