// Turns the cases into tests of node:test, wherever they run.
import { test } from 'node:test'
import { cases } from './cases.ts'
import type { CaseReport } from './context.ts'

/** One test a case; `run` carries it out, perhaps in another thread. */
export function reportCases(
  run: (name: string) => Promise<CaseReport>,
  names: Iterable<string> = cases.keys(),
): void {
  for (const name of names) {
    test(name, async (t) => {
      const { skipped, error } = await run(name)
      if (skipped !== undefined) t.skip(skipped)
      if (error === undefined) return
      throw Object.assign(new Error(error.message), { stack: error.stack })
    })
  }
}

export function caseOf(name: string) {
  const found = cases.get(name)
  if (found === undefined) throw new Error(`no case is named '${name}'`)
  return found
}
