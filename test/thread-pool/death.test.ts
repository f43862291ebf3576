// An actor without addon that is terminated: nobody stores in the header that it is gone, and still
// whoever waits for it hears of it, asleep or blocked, in whatever thread; another can be spawned.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reportOf } from '../support/child.ts'
import type { DeathReport } from './death-child.ts'

const child = new URL('./death-child.js', import.meta.url)

/** The promise is a second; four times that for a machine that is busy with other tests. */
const HEARD_MILLIS_MAX = 4000

for (const nodeArgs of [['--no-addons'], []]) {
  test(`an actor is terminated ${nodeArgs.length > 0 ? 'without' : 'with'} addon`, async () => {
    const { engine, heard, next } = await reportOf<DeathReport>(child, {
      nodeArgs,
      env: { URING_ACTOR_ENGINE: 'threadpool' },
    })
    assert.equal(engine, 'threadpool')
    assert.equal(Object.keys(heard).length, 3)
    for (const [who, { code, millis }] of Object.entries(heard)) {
      assert.equal(code, 'ERR_URING_ACTOR_EXITED', who)
      assert.ok(millis < HEARD_MILLIS_MAX, `${who} heard of it after ${millis} ms`)
    }
    assert.equal(next, null)
  })
}
