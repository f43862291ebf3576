// The order of loads and stores between clients and actor, searched through by spin: with two clients and
// rings of two, and without any time limit, nobody waits for ever, nothing is read before it was written
// or overwritten before it was read, and each request completes; and no thread reads a file by a
// descriptor that is another one's by then. The same with one mistake planted at a time: spin finds each
// of them.
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryDirectory } from '../support/temporary.ts'

/** Each model, and what spin says of its mutants: a client that waits for ever, or a wrong value. */
const MODELS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'sleep-wake.pml': {
    RECHECK_DROPPED: /invalid end state/,
    PARK_RECHECK_DROPPED: /invalid end state/,
    STATE_AFTER_RECHECK: /invalid end state/,
    EVENTFD_LATE: /invalid end state/,
    EXCHANGE_SPLIT: /invalid end state/,
    NOTIFY_SKIPPED: /invalid end state/,
    DOORBELL_SKIPPED: /invalid end state/,
    NO_COMPARE: /invalid end state/,
    BIT_BEFORE_TAIL: /invalid end state/,
    STATE_BEFORE_BIT: /invalid end state/,
    WAITING_AFTER_RECHECK: /invalid end state/,
    CLIENT_RECHECK_DROPPED: /invalid end state/,
    CLIENT_NOTIFY_SKIPPED: /invalid end state/,
    CLIENT_STATE_BEFORE_TAIL: /invalid end state/,
  },
  'ring.pml': {
    BIT_BEFORE_TAIL: /invalid end state/,
    BIT_WITHOUT_OR: /invalid end state/,
    EXCHANGE_SPLIT: /invalid end state/,
    RECORD_AFTER_TAIL: /assertion violated/,
    COMPLETION_AFTER_TAIL: /assertion violated/,
    CLAIM_TOO_MANY: /assertion violated/,
    SLOT_BEFORE_READ: /assertion violated/,
  },
  'offered-file.pml': {
    FIELDS_AFTER_OFFER: /assertion violated/,
    CLOSE_BEFORE_WITHDRAW: /assertion violated/,
    CLEAR_AFTER_LOOK: /assertion violated/,
    READERS_NOT_AWAITED: /assertion violated/,
    LOOK_BEFORE_COUNT: /assertion violated/,
    GENERATION_UNCHECKED: /assertion violated/,
  },
}

/** Depth of the search: far above what the models need; one that needs more says so and fails. */
const DEPTH = 100_000
const PAN_MILLIS = 240_000

/** The compiled test is in dist; the models are beside the source. */
const sources = fileURLToPath(new URL('../../model/', import.meta.url))

function missing(): string | false {
  for (const [program, flag] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    if (spawnSync(program, [flag], { stdio: 'ignore' }).error) return `${program} is not installed`
  }
  return false
}

const run = promisify(execFile)

/** What the exhaustive search of a model, or of one of its mutants, says. */
async function search(model: string, mutant: string | null): Promise<string> {
  const cwd = temporaryDirectory()
  const define = mutant === null ? [] : [`-DMUTANT_${mutant}`]
  await run('spin', ['-a', ...define, path.join(sources, model)], { cwd })
  // A mutant is found soon: compiling it well would take longer.
  const level = mutant === null ? '-O2' : '-O0'
  const defines = ['-DSAFETY', '-DNOFAIR', '-DCOLLAPSE']
  await run('gcc', [level, '-w', ...defines, '-o', 'pan', 'pan.c'], { cwd })
  const { stdout } = await run('./pan', [`-m${DEPTH}`], { cwd, timeout: PAN_MILLIS })
  return stdout
}

describe('the model', { skip: missing(), concurrency: 2 }, () => {
  for (const [model, mutants] of Object.entries(MODELS)) {
    test(`${model} has no fault`, async (context) => {
      const report = await search(model, null)
      assert.match(report, /errors: 0\b/, report)
      assert.doesNotMatch(report, /max search depth too small|interrupted|out of memory/, report)
      const [, states] = /(\d+) states, stored/.exec(report) ?? []
      context.diagnostic(`${model}: ${states} states`)
      assert.ok(Number(states) > 1000)
    })

    for (const [mutant, found] of Object.entries(mutants)) {
      test(`${model}: ${mutant} is found`, async () => {
        const report = await search(model, mutant)
        assert.match(report, /errors: 1\b/, report)
        assert.match(report, found, report)
      })
    }

    test(`${model}: each mutant of the model is tried`, () => {
      const text = readFileSync(path.join(sources, model), 'utf8')
      const named = new Set([...text.matchAll(/MUTANT_([A-Z_]+)\b/g)].map(([, name]) => name))
      named.delete('')
      assert.deepEqual([...named].sort(), Object.keys(mutants).sort())
    })
  }
})
