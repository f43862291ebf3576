// Operations that are given up at any moment of their life, in four threads with hardly any room: every
// promise settles once, every outcome is known and true, memory, files and rows are all given back, and
// the data of those that were not given up is right.
//
//   URING_ACTOR_SEED=7       the same operations, given up at the same moments as near as time allows
//   URING_ACTOR_RACES=50000  operations of each thread
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { spawnActor } from '@uring-actor/actor'
import { SlowPipe } from '../support/pipe.ts'
import { temporaryFile } from '../support/temporary.ts'
import { runTask } from '../support/thread.ts'
import type { RaceCounts, RaceOrders } from './race-task.ts'

const SEED = Number(process.env.URING_ACTOR_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RACES = Number(process.env.URING_ACTOR_RACES ?? 3000)
const THREADS = 4
const LANES = 12
const BLOCKS = 4

for (const engine of ['io_uring', 'threadpool'] as const) {
  test(`${RACES} operations of each thread on ${engine}, seed ${SEED}`, async (t) => {
    if (process.env.URING_ACTOR_ENGINE && process.env.URING_ACTOR_ENGINE !== engine) {
      return t.skip('URING_ACTOR_ENGINE asks for the other engine')
    }
    const small = { channelDepth: 8, arenaBytes: 2 ** 20, queueDepth: 16 }
    const actor = await spawnActor({ engine, ...small })
    const path = temporaryFile(1)
    writeFileSync(path, Buffer.alloc(THREADS * LANES * BLOCKS * 4096))
    const pipe = new SlowPipe()
    const operations = Math.ceil(RACES / LANES)
    const orders = { seed: SEED, lanes: LANES, operations, path, pipe: pipe.path }
    const threads = Array.from({ length: THREADS }, (_, thread) => {
      const mine: RaceOrders = { ...orders, thread }
      return runTask<RaceCounts>(new URL('./race-task.js', import.meta.url), 'race', mine)
    })
    const counts = await Promise.all(threads)
    t.diagnostic(`URING_ACTOR_SEED=${SEED} ${counts.map((each) => JSON.stringify(each)).join(' ')}`)
    const { inFlight, openFiles, overflow } = await actor.stats()
    assert.deepEqual({ inFlight, openFiles, overflow }, { inFlight: 0, openFiles: 0, overflow: 0 })
    const total = (state: keyof RaceCounts) => counts.reduce((sum, each) => sum + each[state], 0)
    assert.ok(total('inTime') > 0 && total('not-started') > 0 && total('finished') > 0)
    if (engine === 'io_uring') assert.ok(total('cancelled') > 0)
    pipe.close()
    await actor.close()
  })
}
