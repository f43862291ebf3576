// What a conformance case gets, and how one is run on any thread.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Client } from '@uring-actor/client'

export interface Context {
  readonly client: Client
  /** A directory of the case's own, on a real filesystem; removed afterwards. */
  readonly directory: string
  /** A path in it. */
  path(name: string): string
  /** Ends the case: it cannot be run here. */
  skip(reason: string): never
}

/** It uses the public API only, and returns when what it shows was seen. */
export type Case = (context: Context) => Promise<void>

/** What became of a case, as it can be sent from thread to thread. */
export interface CaseReport {
  readonly skipped?: string
  readonly error?: { readonly message: string; readonly stack: string }
}

class Skipped extends Error {}

const CASE_MILLIS_MAX = 120_000

/** Runs a case, and then shows that the client works as before and nothing was left in use. */
export async function runCase(body: Case, client: Client): Promise<CaseReport> {
  const directory = mkdtempSync(path.join(tmpdir(), 'uring-actor-conformance-'))
  // Those that a case which failed has kept are not the fault of this one.
  const { leases } = client
  const context: Context = {
    client,
    directory,
    path: (name) => path.join(directory, name),
    skip: (reason) => {
      throw new Skipped(reason)
    },
  }
  try {
    await inTime(body(context))
    const kept = client.leases - leases
    if (kept !== 0) throw new Error(`${kept} leases were not released`)
    await inTime(client.nop())
    return {}
  } catch (error) {
    if (error instanceof Skipped) return { skipped: error.message }
    const { message, stack } = error as Error
    return { error: { message, stack: stack ?? message } }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A promise that is never settled is a failure of the case, not the end of the whole run. */
function inTime<T>(promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`not settled after ${CASE_MILLIS_MAX} ms`)),
      CASE_MILLIS_MAX,
    )
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
