// The power is cut under a filesystem while a process writes: every record that it was told is on the
// disk before the cut began is there. The control, a writer that does not sync, must lose records:
// else the power was not cut. `npm run test:power-cuts` does it a thousand times.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { runCycles } from './durable.ts'
import { FILESYSTEMS, makeCutPlace } from './power-cut.ts'

const seed = Number(process.env.URING_ACTOR_SEED ?? Math.floor(Math.random() * 2 ** 31))

for (const kind of FILESYSTEMS) {
  const place = makeCutPlace(kind)
  const skip = typeof place === 'string' ? place : false
  suite(`power cuts on ${kind}; replay with URING_ACTOR_SEED=${seed}`, { skip }, () => {
    if (typeof place === 'string') return

    test('the control loses what was not synced', async () => {
      const total = await runCycles(place, 'no sync', 2, seed)
      assert.ok(total.lost > 0, `${total.acknowledged} records, none lost: the harness is broken`)
    })

    test('what was acknowledged is there, ten times', async (context) => {
      const total = await runCycles(place, 'sync', 10, seed)
      context.diagnostic(JSON.stringify(total))
      assert.ok(total.acknowledged > total.during, 'hardly anything was acknowledged')
      assert.equal(total.lost, 0)
    })
  })
}
