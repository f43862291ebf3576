// A process ends, in each way and at each stage of its life with the actor, operations in flight: with
// the same exit code or signal as without the actor, and hardly later. All of it: npm run test:ends.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type ChildResult, runScript } from '../support/child.ts'
import { SlowPipe } from '../support/pipe.ts'
import { temporaryFile } from '../support/temporary.ts'
import { ENDS, type End, STAGES, type Stage } from './end-child.ts'

const child = new URL('./end-child.js', import.meta.url)

/** How much later than the control it may end, on a healthy device. */
const LATER_MILLIS = 250
/** A machine that is busy is slow at times: the best of so many tries counts. */
const TRIES = 6
const IN_FLIGHT_BYTES = 64
/** Every end of every stage; else a part of them in which each occurs. */
const all = process.env.URING_ACTOR_ALL_ENDS === '1'

async function runTo(stage: string, end: End): Promise<ChildResult> {
  const pipe = new SlowPipe()
  try {
    return await runScript(child, {
      args: [stage, end, temporaryFile(1 << 20), pipe.path],
      onOutput: (_, process) => {
        if (end.startsWith('SIG')) process.kill(end as NodeJS.Signals)
        // Only what it reads keeps it alive: it ends by itself when that has come.
        else if (end === 'return') pipe.feed(IN_FLIGHT_BYTES)
      },
    })
  } finally {
    pipe.close()
  }
}

interface Ending {
  how: string
  millis: number
}

async function endingOf(stage: string, end: End): Promise<Ending> {
  const { code, signal, millisAfterOutput, stdout, stderr } = await runTo(stage, end)
  assert.equal(stdout, 'ready\n', stderr)
  return { how: String(signal ?? code), millis: millisAfterOutput }
}

const NO_ACTOR: Record<string, string> = {
  'a blocked thread': 'a blocked thread without the actor',
}

/** The best of some tries, of as many as it takes to be early enough. */
async function bestOf(stage: string, end: End, enough: number): Promise<Ending> {
  let best = await endingOf(stage, end)
  for (let round = 1; round < TRIES && best.millis > enough; round++) {
    const next = await endingOf(stage, end)
    assert.equal(next.how, best.how)
    if (next.millis < best.millis) best = next
  }
  return best
}

suite('a process ends as it would without the actor', { concurrency: 2 }, () => {
  const controls = new Map<string, Promise<Ending>>()

  function control(stage: Stage, end: End): Promise<Ending> {
    const without = NO_ACTOR[stage] ?? 'nothing'
    const key = `${without}, ${end}`
    const known = controls.get(key) ?? bestOf(without, end, 0)
    controls.set(key, known)
    return known
  }

  for (const [row, stage] of STAGES.entries()) {
    for (const [column, end] of ENDS.entries()) {
      // Two ends of each stage, and three stages of each end.
      if (!all && (row + column) % 3 !== 0) continue
      test(`${stage}: ${end}`, async (context) => {
        const expected = await control(stage, end)
        const found = await bestOf(stage, end, expected.millis + LATER_MILLIS)
        assert.equal(found.how, expected.how)
        const later = Math.round(found.millis - expected.millis)
        context.diagnostic(`${found.how}, ${later} ms later than without the actor`)
        assert.ok(later <= LATER_MILLIS, `it ends ${later} ms later, at ${found.millis} ms`)
      })
    }
  }
})
